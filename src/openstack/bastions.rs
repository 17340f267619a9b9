//! What a bastion is made of, by Nova and Neutron, without Heat.
//! <https://docs.openstack.org/api-ref/compute/#create-server>, <https://docs.openstack.org/api-ref/network/v2/>

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};

use super::catalog::{NEUTRON, NOVA, Service};
use super::field;
use super::session::{Call, Session};
use super::transport::failure;
use crate::cloud::{Bastions, CloudError, CloudErrorKind, NewServer};

pub struct Gatehouse(pub Arc<Session>);

impl Gatehouse {
    /// Posts `wish` under `key`; the id of what was made.
    async fn make(&self, service: Service, path: &str, key: &str, wish: Value) -> Result<String, CloudError> {
        let call = Call::new(service, Method::POST, &[path]).body(json!({ key: wish }));
        let made = self.0.json(&call).await?;
        let none = || failure(service, CloudErrorKind::Protocol, format!("the answer names no {key} that was made"));
        field::some_text(&made[key], "id").ok_or_else(none)
    }
}

#[async_trait]
impl Bastions for Gatehouse {
    async fn make_security_group(&self, name: &str, mark: &str, from: &str) -> Result<String, CloudError> {
        let wish = json!({ "name": name, "description": mark });
        let id = self.make(NEUTRON, "security-groups", "security_group", wish).await?;
        let ethertype = if from.contains(':') { "IPv6" } else { "IPv4" };
        let rule = json!({
            "security_group_id": id, "direction": "ingress", "ethertype": ethertype, "protocol": "tcp",
            "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": from,
        });
        self.make(NEUTRON, "security-group-rules", "security_group_rule", rule).await?;
        Ok(id)
    }

    async fn make_port(&self, name: &str, mark: &str, network: &str, group: &str) -> Result<String, CloudError> {
        let wish = json!({ "name": name, "description": mark, "network_id": network, "security_groups": [group] });
        self.make(NEUTRON, "ports", "port", wish).await
    }

    async fn make_server(&self, wish: &NewServer) -> Result<String, CloudError> {
        let wish = json!({
            "name": wish.name, "imageRef": wish.image, "flavorRef": wish.flavor, "key_name": wish.keypair,
            "networks": [{ "port": wish.port }], "metadata": wish.metadata,
        });
        self.make(NOVA, "servers", "server", wish).await
    }

    async fn make_floating_ip(&self, network: &str, port: &str, mark: &str) -> Result<String, CloudError> {
        let wish = json!({ "floating_network_id": network, "port_id": port, "description": mark });
        self.make(NEUTRON, "floatingips", "floatingip", wish).await
    }
}
