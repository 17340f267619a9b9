//! Networks and subnets. <https://docs.openstack.org/api-ref/network/v2/>

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::catalog::NEUTRON;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Networking, Quotas};
use crate::model::service_quota::Item;
use crate::model::{Network, ServiceQuota, Subnet};

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

    async fn ways_out(&self, network_id: &str) -> Result<Vec<String>, CloudError> {
        let ports =
            INTERFACES.iter().fold(Call::get(NEUTRON, &["ports"]), |call, owner| call.query("device_owner", owner));
        let ports = ports.query("network_id", network_id).query("fields", "device_id");
        let routers = Call::get(NEUTRON, &["routers"]);
        let (ports, routers) = tokio::try_join!(self.0.list(ports, "ports"), self.0.list(routers, "routers"))?;
        let attached: Vec<String> = ports.iter().map(|port| field::text(port, "device_id")).collect();
        let here = routers.iter().filter(|router| attached.contains(&field::text(router, "id")));
        Ok(here.filter_map(|router| field::some_text(&router["external_gateway_info"], "network_id")).collect())
    }
}

/// Owners of the ports by which plain, distributed and highly available routers are on a network.
const INTERFACES: [&str; 3] =
    ["network:router_interface", "network:router_interface_distributed", "network:ha_router_replicated_interface"];

#[async_trait]
impl Quotas for Neutron {
    fn service(&self) -> &'static str {
        NEUTRON.name
    }

    /// <https://docs.openstack.org/api-ref/network/v2/#show-quota-details-for-a-tenant>
    async fn quotas(&self) -> Result<Vec<ServiceQuota>, CloudError> {
        let project = self.0.token().project_id.clone();
        let value = self.0.json(&Call::get(NEUTRON, &["quotas", &project, "details"])).await?;
        Ok(quotas(&value["quota"]))
    }
}

pub fn quotas(details: &Value) -> Vec<ServiceQuota> {
    let known = [
        (Item::Networks, "network"),
        (Item::Subnets, "subnet"),
        (Item::Routers, "router"),
        (Item::Ports, "port"),
        (Item::FloatingIps, "floatingip"),
        (Item::SecurityGroups, "security_group"),
        (Item::SecurityGroupRules, "security_group_rule"),
    ];
    let quotas = known.into_iter().map(|(item, key)| (item, &details[key])).filter(|(_, of)| of["limit"].is_i64());
    quotas.map(|(item, of)| field::quota(item, &of["limit"], &[&of["used"], &of["reserved"]])).collect()
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
