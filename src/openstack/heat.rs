//! Stacks, their resources and events. <https://docs.openstack.org/api-ref/orchestration/v1/>
//!
//! Start reading at the trait's implementation; [`read`] turns Heat's JSON into
//! the model's types, [`tree`] names nested stacks as a person would.

mod read;
mod tree;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::catalog::HEAT;
use super::session::{Call, Session};
use super::{field, transport};
use crate::cloud::{CloudError, CloudErrorKind, Orchestration};
use crate::driver::StackPlan;
use crate::driver::plan::Parameter;
use crate::model::{Stack, StackEvent, StackResource, StackSheet, Status};
use tree::Trees;

/// Levels below the stack; Heat's own limit is 5 by default.
const DEPTH: u32 = 5;
const STACKS_PAGE: u32 = 500;
const EVENTS_PAGE: usize = 500;
/// Heat keeps 1000 events a stack by default; a cluster of 100 nested stacks stays below this.
const EVENTS_PAGES_MAX: usize = 400;
/// Events are timed by several engines, to the second: one that comes late may be a little older.
const EVENTS_SLACK: TimeDelta = TimeDelta::seconds(5);

/// What to try when Heat fails to create for an application credential.
const DELEGATED: &str =
    "; this cloud may forbid trusts to application credentials: if it fails again, log in with user and password";

pub struct Heat {
    session: Arc<Session>,
    trees: Trees,
}

impl Heat {
    pub fn new(session: Arc<Session>) -> Self {
        Self { session, trees: Trees::default() }
    }

    /// Event pages from the newest back, until one is older than `since`.
    async fn event_items(&self, stack: &Stack, since: Option<DateTime<Utc>>) -> Result<Vec<Value>, CloudError> {
        let oldest = since.map(|since| since - EVENTS_SLACK);
        let too_old = |item: &Value| match (oldest, field::time(item, "event_time")) {
            (Some(oldest), Some(time)) => time < oldest,
            _ => false,
        };
        let mut items: Vec<Value> = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..EVENTS_PAGES_MAX {
            let mut call = Call::get(HEAT, &["stacks", &stack.name, &stack.id, "events"])
                .query("nested_depth", DEPTH)
                .query("sort_dir", "desc")
                .query("limit", EVENTS_PAGE);
            if let Some(marker) = &marker {
                call = call.query("marker", marker);
            }
            let mut value = self.session.json(&call).await?;
            let Some(Value::Array(page)) = value.get_mut("events").map(Value::take) else {
                return Err(transport::failure(HEAT, CloudErrorKind::Protocol, "the answer has no list \"events\""));
            };
            let next = page.last().and_then(|item| field::some_text(item, "id"));
            // Heat begins anew when it no longer knows the marker; the first item tells.
            let again = items.first().zip(page.first()).is_some_and(|(old, new)| old["id"] == new["id"]);
            let done =
                again || page.len() < EVENTS_PAGE || page.iter().any(too_old) || next.is_none() || next == marker;
            if !again {
                items.extend(page.into_iter().filter(|item| !too_old(item)));
            }
            if done {
                break;
            }
            marker = next;
        }
        items.reverse();
        Ok(items)
    }
}

#[async_trait]
impl Orchestration for Heat {
    async fn stacks_by_tag(&self, tag: &str) -> Result<Vec<Stack>, CloudError> {
        let call = Call::get(HEAT, &["stacks"]).query("tags", tag).query("limit", STACKS_PAGE);
        let mut stacks = Vec::new();
        // Heat takes a comma for "all of these" and older ones ignore the filter: look again.
        // A stack just deleted is listed for a moment longer.
        let ours = |stack: &Stack| stack.status != Status::DELETE_COMPLETE && stack.tags.iter().any(|have| have == tag);
        let each = |item| stacks.extend(field::read_all("stacks", &[item], read::stack).into_iter().filter(ours));
        self.session.each(call, "stacks", each).await?;
        Ok(stacks)
    }

    async fn stack(&self, id_or_name: &str, outputs: bool) -> Result<Option<Stack>, CloudError> {
        let call = Call::get(HEAT, &["stacks", id_or_name]).query("resolve_outputs", outputs);
        let Some(value) = self.session.find(&call).await? else { return Ok(None) };
        let stack = read::stack(&value["stack"]);
        let odd = || transport::failure(HEAT, CloudErrorKind::Protocol, "the answer has no stack with an id");
        // Heat goes on showing deleted stacks for days, by id and by name.
        Ok(Some(stack.ok_or_else(odd)?).filter(|stack| stack.status != Status::DELETE_COMPLETE))
    }

    async fn sheet(&self, id_or_name: &str) -> Result<Option<StackSheet>, CloudError> {
        let call = Call::get(HEAT, &["stacks", id_or_name]).query("resolve_outputs", true);
        Ok(self.session.find(&call).await?.map(|value| read::sheet(&value["stack"])))
    }

    async fn create_stack(&self, plan: &StackPlan) -> Result<String, CloudError> {
        let call = Call::new(HEAT, Method::POST, &["stacks"]).body(create_body(plan));
        let value = self.session.json(&call).await.map_err(|mut error| {
            // Keystone forbids trusts to them where CVE-2026-80184 is fixed, and Heat then says nothing but 500.
            if error.status == Some(500) && self.session.is_delegated() {
                error.message.push_str(DELEGATED);
            }
            error
        })?;
        let odd = || transport::failure(HEAT, CloudErrorKind::Protocol, "the answer has no stack id");
        field::some_text(&value["stack"], "id").ok_or_else(odd)
    }

    async fn update_stack(&self, id: &str, plan: &StackPlan) -> Result<bool, CloudError> {
        let call = Call::new(HEAT, Method::PUT, &["stacks", &plan.stack_name, id]).body(update_body(plan));
        self.session.done(&call).await
    }

    async fn cancel_update(&self, stack: &Stack) -> Result<bool, CloudError> {
        let path = ["stacks", &stack.name, &stack.id, "actions"];
        self.session.done(&Call::new(HEAT, Method::POST, &path).body(json!({"cancel_without_rollback": null}))).await
    }

    async fn delete_stack(&self, id: &str) -> Result<bool, CloudError> {
        self.session.done(&Call::new(HEAT, Method::DELETE, &["stacks", id])).await
    }

    async fn resources(&self, stack: &Stack) -> Result<Vec<StackResource>, CloudError> {
        let call = Call::get(HEAT, &["stacks", &stack.name, &stack.id, "resources"]).query("nested_depth", DEPTH);
        let items = self.session.list(call, "resources").await?;
        let mut resources = field::read_all("resources", &items, |item| read::resource(item, &stack.id));
        self.trees.learn(stack, &mut resources);
        Ok(resources)
    }

    async fn events(&self, stack: &Stack, since: Option<DateTime<Utc>>) -> Result<Vec<StackEvent>, CloudError> {
        let items = self.event_items(stack, since).await?;
        let mut raw = field::read_all("events", &items, |item| read::event(item, &stack.id));
        raw.sort_by_key(|event| event.event.time);
        if self.trees.misses(stack, &raw) {
            // Names say nearly as much, so a failure here loses nothing that matters.
            let _ = self.resources(stack).await;
        }
        Ok(self.trees.placed(stack, raw))
    }
}

fn update_body(plan: &StackPlan) -> Value {
    let mut body = create_body(plan);
    // The address says which stack, and Heat has no renaming.
    if let Some(fields) = body.as_object_mut() {
        fields.remove("stack_name");
    }
    body
}

/// As python-heatclient sends it: Heat merges the environment files itself, from `files`.
fn create_body(plan: &StackPlan) -> Value {
    let parameters: Map<String, Value> = plan
        .parameters
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Parameter::Plain(value) => value.clone(),
                Parameter::Secret(secret) => secret.expose_secret().into(),
            };
            (name.clone(), value)
        })
        .collect();
    json!({
        "stack_name": plan.stack_name,
        "template": plan.template,
        "files": plan.files,
        "environment_files": plan.environment_files,
        "parameters": parameters,
        "timeout_mins": plan.timeout_mins,
        "tags": plan.tags.join(","),
        // A failed stack is kept: why it failed is what people look for.
        "disable_rollback": true,
    })
}
