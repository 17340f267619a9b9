//! Publishing to RabbitMQ as oslo.messaging's `messagingv2` driver does: a topic exchange, and for
//! each topic and priority a queue of that name, made if need be so that nothing told is lost
//! while nobody listens. <https://docs.openstack.org/oslo.messaging/latest/reference/notifier.html>

use std::time::Duration;

use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::time::timeout;
use tracing::{info, warn};

use super::{Event, Rabbit};
use crate::model::text::clean;

const CONNECT: Duration = Duration::from_secs(10);
const CONFIRM: Duration = Duration::from_secs(10);
/// Between two attempts while the broker is away, doubled each time.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
const PERSISTENT: u8 = 2;

pub(super) struct Broker {
    target: Rabbit,
    host: String,
    live: Option<(Connection, Channel)>,
    /// Whether the log knows that it is away.
    away: bool,
}

impl Broker {
    pub fn new(target: Rabbit, host: &str) -> Self {
        Self { target, host: host.to_owned(), live: None, away: false }
    }

    /// Until the broker has confirmed it, however long that takes.
    pub async fn publish(&mut self, event: &Event) {
        let mut pause = FIRST;
        loop {
            match self.attempt(event).await {
                Ok(()) => {
                    if std::mem::replace(&mut self.away, false) {
                        info!("the message broker takes notifications again");
                    }
                    return;
                }
                Err(why) => {
                    self.live = None;
                    if !std::mem::replace(&mut self.away, true) {
                        warn!(why = clean(&why), "the message broker takes no notifications; they wait");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST);
                }
            }
        }
    }

    async fn attempt(&mut self, event: &Event) -> Result<(), String> {
        let channel = match &self.live {
            Some((connection, channel)) if connection.status().connected() && channel.status().connected() => {
                channel.clone()
            }
            _ => {
                let live = timeout(CONNECT, self.connect()).await.map_err(|_| "no connection in time".to_owned())??;
                let channel = live.1.clone();
                self.live = Some(live);
                channel
            }
        };
        let body = envelope(event, &self.host);
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_content_encoding("utf-8".into())
            .with_delivery_mode(PERSISTENT);
        for topic in &self.target.topics {
            let queue = format!("{topic}.{}", event.priority().to_lowercase());
            let sent = async {
                let confirm = channel
                    .basic_publish(
                        self.target.exchange.as_str().into(),
                        queue.as_str().into(),
                        BasicPublishOptions::default(),
                        body.as_bytes(),
                        properties.clone(),
                    )
                    .await?;
                confirm.await
            };
            let confirmed = timeout(CONFIRM, sent).await.map_err(|_| "no confirmation in time".to_owned())?;
            if confirmed.map_err(|error| error.to_string())?.is_nack() {
                return Err("the broker refused a message".into());
            }
        }
        Ok(())
    }

    /// Connects and makes sure of exchange and queues. What is there already stays as it is, durable or not.
    async fn connect(&self) -> Result<(Connection, Channel), String> {
        let told = |error: lapin::Error| error.to_string();
        let properties = ConnectionProperties::default().with_connection_name("jeroboam".into());
        let connection = Connection::connect(self.target.url.expose_secret(), properties).await.map_err(told)?;
        let exchange = self.target.exchange.as_str();
        let there = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        let look = connection.create_channel().await.map_err(told)?;
        let known = look.exchange_declare(exchange.into(), ExchangeKind::Topic, there, FieldTable::default()).await;
        // The look ends its channel when there is none.
        let mut channel = connection.create_channel().await.map_err(told)?;
        if known.is_err() {
            let new = ExchangeDeclareOptions::default();
            channel
                .exchange_declare(exchange.into(), ExchangeKind::Topic, new, FieldTable::default())
                .await
                .map_err(told)?;
        }
        for topic in &self.target.topics {
            for priority in ["info", "error"] {
                let queue = format!("{topic}.{priority}");
                let there = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
                if channel.queue_declare(queue.as_str().into(), there, FieldTable::default()).await.is_err() {
                    channel = connection.create_channel().await.map_err(told)?;
                    let new = QueueDeclareOptions::default();
                    channel.queue_declare(queue.as_str().into(), new, FieldTable::default()).await.map_err(told)?;
                }
                let (name, key) = (queue.as_str().into(), queue.as_str().into());
                channel
                    .queue_bind(name, exchange.into(), key, QueueBindOptions::default(), FieldTable::default())
                    .await
                    .map_err(told)?;
            }
        }
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(told)?;
        Ok((connection, channel))
    }
}

/// Version 2.0: the message as a text within the message.
fn envelope(event: &Event, host: &str) -> String {
    let mut message = event.notification(host);
    message["_unique_id"] = event.id.simple().to_string().into();
    json!({ "oslo.version": "2.0", "oslo.message": message.to_string() }).to_string()
}
