//! Flavors and keypairs. <https://docs.openstack.org/api-ref/compute/>

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};

use super::catalog::NOVA;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Compute, Quotas};
use crate::model::machine::{ServerAddress, ServerFault};
use crate::model::service_quota::Item;
use crate::model::{Flavor, Keypair, Server, ServerSheet, ServiceQuota, text};

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

    async fn servers(&self) -> Result<Vec<Server>, CloudError> {
        let items = self.0.list(Call::get(NOVA, &["servers", "detail"]), "servers").await?;
        Ok(field::read_all("servers", &items, server))
    }

    async fn server(&self, id: &str) -> Result<Option<ServerSheet>, CloudError> {
        let call = Call::get(NOVA, &["servers", id]);
        Ok(self.0.find(&call).await?.map(|value| sheet(&value["server"])))
    }

    /// <https://docs.openstack.org/api-ref/compute/#show-console-output-os-getconsoleoutput-action>
    async fn console(&self, server: &str, lines: Option<u32>) -> Result<Option<String>, CloudError> {
        let wish = lines.map_or_else(|| json!({}), |lines| json!({ "length": lines }));
        let call = Call::new(NOVA, Method::POST, &["servers", server, "action"]);
        let call = call.body(json!({ "os-getConsoleOutput": wish }));
        Ok(self.0.find(&call).await?.map(|value| text::lines(value["output"].as_str().unwrap_or_default())))
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

pub fn server(value: &Value) -> Option<Server> {
    let addresses = |kind: &str| -> Vec<IpAddr> {
        let networks = value["addresses"].as_object().into_iter().flatten();
        let entries = networks.flat_map(|(_, entries)| field::array(entries));
        // A cloud without floating IPs of Neutron's names no type.
        let of_kind = entries.filter(|entry| entry["OS-EXT-IPS:type"].as_str().unwrap_or("fixed") == kind);
        of_kind.filter_map(|entry| entry["addr"].as_str()?.parse().ok()).collect()
    };
    let metadata = value["metadata"].as_object().into_iter().flatten();
    Some(Server {
        id: field::some_text(value, "id")?,
        name: field::text(value, "name"),
        status: field::text(value, "status"),
        keypair: field::some_text(value, "key_name"),
        image_id: field::some_text(&value["image"], "id"),
        metadata: metadata.filter_map(|(key, of)| Some((text::clean(key), text::clean(of.as_str()?)))).collect(),
        fixed: addresses("fixed"),
        floating: addresses("floating"),
    })
}

/// As [`server`], with all there is to read.
pub fn sheet(value: &Value) -> ServerSheet {
    let flavor = &value["flavor"];
    let address = |network: &str, entry: &Value| {
        Some(ServerAddress {
            network: text::clean(network),
            address: entry["addr"].as_str()?.parse().ok()?,
            is_floating: entry["OS-EXT-IPS:type"] == "floating",
            mac: field::text(entry, "OS-EXT-IPS-MAC:mac_addr"),
        })
    };
    let networks = value["addresses"].as_object().into_iter().flatten();
    let addresses = networks.flat_map(|(network, all)| {
        field::array(all).iter().filter_map(move |entry| address(network, entry)).collect::<Vec<_>>()
    });
    let metadata = value["metadata"].as_object().into_iter().flatten();
    let named =
        |key: &str, of: &str| field::array(&value[key]).iter().filter_map(|item| field::some_text(item, of)).collect();
    let fault = value["fault"].is_object().then(|| ServerFault {
        message: field::text(&value["fault"], "message"),
        details: text::lines(value["fault"]["details"].as_str().unwrap_or_default()),
        at: field::time(&value["fault"], "created"),
    });
    ServerSheet {
        id: field::text(value, "id"),
        name: field::text(value, "name"),
        status: field::text(value, "status"),
        task: field::some_text(value, "OS-EXT-STS:task_state"),
        // Later microversions show the flavor itself, older ones lead to it.
        flavor: field::some_text(flavor, "original_name").unwrap_or_else(|| field::text(flavor, "id")),
        image: field::some_text(&value["image"], "id"),
        availability_zone: field::some_text(value, "OS-EXT-AZ:availability_zone"),
        host_id: field::some_text(value, "hostId"),
        keypair: field::some_text(value, "key_name"),
        created: field::time(value, "created"),
        updated: field::time(value, "updated"),
        launched: field::time(value, "OS-SRV-USG:launched_at"),
        fault,
        addresses: addresses.collect(),
        volumes: named("os-extended-volumes:volumes_attached", "id"),
        security_groups: named("security_groups", "name"),
        metadata: metadata.filter_map(|(key, of)| Some((text::clean(key), text::clean(of.as_str()?)))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{server, sheet};

    #[test]
    fn a_servers_addresses_are_addresses_or_left_out() {
        let read = server(&json!({
            "id": "s", "name": "a\u{1b}[2J", "image": "", "key_name": null, "metadata": {"k": "v", "odd": 7},
            "addresses": {"net": [
                {"addr": "10.0.0.5", "OS-EXT-IPS:type": "fixed", "version": 4},
                {"addr": "-oProxyCommand=x", "OS-EXT-IPS:type": "fixed"},
                {"addr": "198.51.100.7", "OS-EXT-IPS:type": "floating"},
            ], "odd": 3},
        }))
        .unwrap();
        assert_eq!(
            (read.fixed, read.floating),
            (vec!["10.0.0.5".parse().unwrap()], vec!["198.51.100.7".parse().unwrap()])
        );
        assert_eq!((read.image_id, read.keypair, read.metadata.len()), (None, None, 1));
        assert_eq!(read.name, "a\u{FFFD}[2J");
        assert!(server(&json!({})).is_none());
    }

    #[test]
    fn a_server_is_read_as_far_as_it_is_told() {
        let read = sheet(&json!({
            "id": "s", "status": "ERROR", "flavor": {"id": "f1"}, "image": "", "OS-EXT-STS:task_state": null,
            "fault": {"message": "No valid host\u{1b}[2J", "created": "2026-11-23T07:30:36Z", "code": 500},
            "addresses": {"net": [{"addr": "10.0.0.5", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:0:0:1"}, {"addr": 7}]},
            "os-extended-volumes:volumes_attached": [{"id": "v1"}, 3], "security_groups": [{"name": "sg"}, {"name": "sg"}],
        }));
        assert_eq!((read.flavor.as_str(), read.image, read.task), ("f1", None, None));
        let fault = read.fault.unwrap();
        assert_eq!((fault.message.as_str(), fault.at.is_some()), ("No valid host\u{FFFD}[2J", true));
        assert_eq!((read.addresses.len(), read.volumes.len(), read.security_groups.len()), (1, 1, 2));
        assert_eq!(sheet(&json!(null)).flavor, "");
    }
}
