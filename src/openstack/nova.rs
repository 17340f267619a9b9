//! Flavors and keypairs. <https://docs.openstack.org/api-ref/compute/>

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::catalog::NOVA;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Compute};
use crate::model::{Flavor, Keypair};

pub struct Nova(pub Arc<Session>);

#[async_trait]
impl Compute for Nova {
    async fn flavors(&self) -> Result<Vec<Flavor>, CloudError> {
        let items = self.0.list(Call::get(NOVA, &["flavors", "detail"]), "flavors").await?;
        Ok(field::read_all("flavors", &items, flavor))
    }

    async fn keypairs(&self) -> Result<Vec<Keypair>, CloudError> {
        let items = self.0.list(Call::get(NOVA, &["os-keypairs"]), "keypairs").await?;
        Ok(field::read_all("keypairs", &items, keypair))
    }
}

pub fn flavor(value: &Value) -> Option<Flavor> {
    let id = field::some_text(value, "id")?;
    Some(Flavor {
        name: field::some_text(value, "name").unwrap_or_else(|| id.clone()),
        id,
        vcpus: field::number(value, "vcpus").and_then(|n| n.try_into().ok()).unwrap_or_default(),
        ram: field::number(value, "ram").unwrap_or_default(),
        disk: field::number(value, "disk").unwrap_or_default(),
    })
}

/// Each item is wrapped in a `keypair` of its own.
pub fn keypair(value: &Value) -> Option<Keypair> {
    let value = value.get("keypair").unwrap_or(value);
    Some(Keypair { name: field::some_text(value, "name")?, fingerprint: field::text(value, "fingerprint") })
}
