//! Networks and subnets. <https://docs.openstack.org/api-ref/network/v2/>

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::catalog::NEUTRON;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Networking};
use crate::model::{Network, Subnet};

pub struct Neutron(pub Arc<Session>);

#[async_trait]
impl Networking for Neutron {
    async fn networks(&self) -> Result<Vec<Network>, CloudError> {
        let items = self.0.list(Call::get(NEUTRON, &["networks"]), "networks").await?;
        Ok(field::read_all("networks", &items, network))
    }

    async fn subnets(&self) -> Result<Vec<Subnet>, CloudError> {
        let items = self.0.list(Call::get(NEUTRON, &["subnets"]), "subnets").await?;
        Ok(field::read_all("subnets", &items, subnet))
    }
}

pub fn network(value: &Value) -> Option<Network> {
    let id = field::some_text(value, "id")?;
    Some(Network {
        name: field::some_text(value, "name").unwrap_or_else(|| id.clone()),
        id,
        external: field::flag(value, "router:external"),
        shared: field::flag(value, "shared"),
        subnets: field::texts(value, "subnets"),
    })
}

pub fn subnet(value: &Value) -> Option<Subnet> {
    let id = field::some_text(value, "id")?;
    let cidr = field::text(value, "cidr");
    let version = field::number(value, "ip_version").and_then(|n| n.try_into().ok());
    Some(Subnet {
        name: field::some_text(value, "name").unwrap_or_else(|| id.clone()),
        id,
        network_id: field::text(value, "network_id"),
        ip_version: version.unwrap_or(if cidr.contains(':') { 6 } else { 4 }),
        cidr,
    })
}
