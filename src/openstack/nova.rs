//! Flavors and keypairs. <https://docs.openstack.org/api-ref/compute/>

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::catalog::NOVA;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Compute, Quotas};
use crate::model::service_quota::Item;
use crate::model::{Flavor, Keypair, ServiceQuota};

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

#[async_trait]
impl Quotas for Nova {
    fn service(&self) -> &'static str {
        NOVA.name
    }

    /// <https://docs.openstack.org/api-ref/compute/#show-rate-and-absolute-limits>: unlike quota
    /// sets, every policy lets everybody see their own.
    async fn quotas(&self) -> Result<Vec<ServiceQuota>, CloudError> {
        let value = self.0.json(&Call::get(NOVA, &["limits"])).await?;
        Ok(limits(&value["limits"]["absolute"]))
    }
}

pub fn limits(absolute: &Value) -> Vec<ServiceQuota> {
    let known = [
        (Item::Instances, "maxTotalInstances", "totalInstancesUsed"),
        (Item::Cores, "maxTotalCores", "totalCoresUsed"),
        (Item::Ram, "maxTotalRAMSize", "totalRAMUsed"),
        (Item::ServerGroups, "maxServerGroups", "totalServerGroupsUsed"),
        (Item::ServerGroupMembers, "maxServerGroupMembers", ""),
    ];
    let quotas = known.into_iter().filter(|(_, limit, _)| absolute[*limit].is_i64());
    quotas.map(|(item, limit, used)| field::quota(item, &absolute[limit], &[&absolute[used]])).collect()
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
