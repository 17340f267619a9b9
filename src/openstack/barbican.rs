//! Secrets. <https://docs.openstack.org/barbican/latest/api/reference/secrets.html>

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::catalog::BARBICAN;
use super::session::{Call, Session, TEXT};
use super::transport;
use crate::cloud::{CloudError, CloudErrorKind, KeyManager};

pub struct Barbican(pub Arc<Session>);

#[async_trait]
impl KeyManager for Barbican {
    async fn store_secret(&self, name: &str, payload: &SecretString) -> Result<String, CloudError> {
        let wish = json!({
            "name": name,
            "payload": payload.expose_secret(),
            "payload_content_type": TEXT,
            "secret_type": "private",
        });
        let answer = self.0.json(&Call::new(BARBICAN, Method::POST, &["secrets"]).body(wish)).await?;
        reference(&answer).ok_or_else(|| odd("the answer has no secret_ref"))
    }

    async fn secret(&self, reference: &str) -> Result<Option<SecretString>, CloudError> {
        let call = Call::get(BARBICAN, &["secrets", reference, "payload"]);
        Ok(self.0.text(call).await?.map(SecretString::from))
    }

    async fn secrets_named(&self, name: &str) -> Result<Vec<String>, CloudError> {
        let found = self.0.list(Call::get(BARBICAN, &["secrets"]).query("name", name), "secrets").await?;
        Ok(found.iter().filter(|secret| secret["name"] == name).filter_map(reference).collect())
    }

    async fn delete_secret(&self, reference: &str) -> Result<bool, CloudError> {
        self.0.done(&Call::new(BARBICAN, Method::DELETE, &["secrets", reference])).await
    }
}

/// The id at the end of the address that Barbican gives; the address itself may be one from inside the cloud.
fn reference(secret: &Value) -> Option<String> {
    let address = secret["secret_ref"].as_str()?;
    let id = address.trim_end_matches('/').rsplit('/').next()?;
    uuid::Uuid::parse_str(id).ok().map(|_| id.to_owned())
}

fn odd(told: &str) -> CloudError {
    transport::failure(BARBICAN, CloudErrorKind::Protocol, told)
}
