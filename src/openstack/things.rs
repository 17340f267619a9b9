//! What is in the project, whatever service has it: Octavia, Nova, Neutron, Cinder
//! and Keystone behind one port. Reading only; what a thing means is decided elsewhere.
//!
//! <https://docs.openstack.org/api-ref/load-balancer/v2/>,
//! <https://docs.openstack.org/api-ref/network/v2/>, <https://docs.openstack.org/api-ref/compute/>,
//! <https://docs.openstack.org/api-ref/block-storage/v3/>, <https://docs.openstack.org/api-ref/identity/v3/>

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::Value;

use super::catalog::{CINDER, HEAT, KEYSTONE, NEUTRON, NOVA, OCTAVIA, Service};
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Things};
use crate::model::text::clean;
use crate::model::{Thing, ThingSort};

/// The tag by which Heat's list is asked for our stacks.
const TAG: &str = "jeroboam";

pub struct Project(pub Arc<Session>);

/// Where a sort of things is.
struct Place {
    service: Service,
    path: Vec<String>,
    /// Of the list, when it differs from the path.
    list: Vec<String>,
    key: &'static str,
}

impl Project {
    fn place(&self, sort: ThingSort) -> Place {
        let plain = |service, path: &[&str], key| Place {
            service,
            path: path.iter().map(|step| (*step).to_owned()).collect(),
            list: Vec::new(),
            key,
        };
        match sort {
            ThingSort::Stack => plain(HEAT, &["stacks"], "stacks"),
            ThingSort::LoadBalancer => plain(OCTAVIA, &["lbaas", "loadbalancers"], "loadbalancers"),
            ThingSort::Server => {
                Place { list: vec!["servers".into(), "detail".into()], ..plain(NOVA, &["servers"], "servers") }
            }
            ThingSort::ServerGroup => plain(NOVA, &["os-server-groups"], "server_groups"),
            ThingSort::FloatingIp => plain(NEUTRON, &["floatingips"], "floatingips"),
            ThingSort::Port => plain(NEUTRON, &["ports"], "ports"),
            ThingSort::SecurityGroup => plain(NEUTRON, &["security-groups"], "security_groups"),
            ThingSort::Volume => {
                Place { list: vec!["volumes".into(), "detail".into()], ..plain(CINDER, &["volumes"], "volumes") }
            }
            ThingSort::AppCredential => {
                let user = self.0.token().user_id.clone();
                plain(KEYSTONE, &["users", &user, "application_credentials"], "application_credentials")
            }
        }
    }
}

#[async_trait]
impl Things for Project {
    async fn things(&self, sort: ThingSort) -> Result<Vec<Thing>, CloudError> {
        let place = self.place(sort);
        let project = self.0.token().project_id.clone();
        let path: Vec<&str> =
            if place.list.is_empty() { &place.path } else { &place.list }.iter().map(String::as_str).collect();
        let mut call = Call::get(place.service, &path);
        // An administrator would be shown everybody's.
        call = match place.service.kind {
            "network" | "load-balancer" => call.query("project_id", &project),
            "orchestration" => call.query("tags", TAG),
            _ => call,
        };
        let items = self.0.list(call, place.key).await?;
        let own = |value: &&Value| {
            let said = ["project_id", "tenant_id"].iter().find_map(|key| field::some_text(value, key));
            said.is_none_or(|id| id == project)
        };
        let items: Vec<Value> = items.iter().filter(own).cloned().collect();
        Ok(field::read_all(place.key, &items, |value| read(sort, value)))
    }

    async fn remove(&self, thing: &Thing) -> Result<bool, CloudError> {
        let place = self.place(thing.sort);
        let mut path: Vec<&str> = place.path.iter().map(String::as_str).collect();
        path.push(&thing.id);
        let mut call = Call::new(place.service, Method::DELETE, &path);
        if thing.sort == ThingSort::LoadBalancer {
            call = call.query("cascade", true);
        }
        self.0.done(&call).await
    }
}

fn read(sort: ThingSort, value: &Value) -> Option<Thing> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| field::some_text(value, key));
    let holder = match sort {
        ThingSort::Port => first(&["device_id"]),
        ThingSort::FloatingIp => first(&["port_id"]),
        ThingSort::LoadBalancer => first(&["vip_port_id"]),
        ThingSort::Volume => field::array(&value["attachments"]).iter().find_map(|a| field::some_text(a, "server_id")),
        _ => None,
    };
    let times = ["created_at", "created", "creation_time"];
    Some(Thing {
        sort,
        id: field::some_text(value, "id")?,
        name: first(&["name", "stack_name", "floating_ip_address"]).unwrap_or_default(),
        description: field::text(value, "description"),
        status: first(&["status", "stack_status", "provisioning_status"]).unwrap_or_default(),
        metadata: metadata(&value["metadata"]),
        tags: field::texts(value, "tags"),
        holder,
        owner: field::text(value, "device_owner"),
        network: first(&["network_id", "vip_network_id"])
            .filter(|_| matches!(sort, ThingSort::Port | ThingSort::LoadBalancer)),
        created: times.iter().find_map(|key| field::time(value, key)),
    })
}

fn metadata(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((clean(key), clean(value.as_str()?)))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ThingSort, read};

    #[test]
    fn every_service_names_its_fields_otherwise() {
        let ip = json!({"id": "f", "floating_ip_address": "198.51.100.7", "port_id": null, "status": "DOWN",
            "description": "Floating IP for Kubernetes external service a/b from cluster c", "tags": ["x"]});
        let ip = read(ThingSort::FloatingIp, &ip).unwrap();
        assert_eq!((ip.name.as_str(), ip.holder.as_deref(), ip.tags.len()), ("198.51.100.7", None, 1));
        let volume = json!({"id": "v", "name": "pvc-1", "metadata": {"k": "v", "odd": 7},
            "attachments": [{"server_id": "s"}], "created_at": "2026-11-23T09:04:15.000000"});
        let volume = read(ThingSort::Volume, &volume).unwrap();
        assert_eq!(volume.metadata["k"], "v");
        assert_eq!((volume.metadata.len(), volume.holder.as_deref(), volume.created.is_some()), (1, Some("s"), true));
        let port = json!({"id": "p", "device_id": "d", "device_owner": "Octavia", "network_id": "n"});
        let port = read(ThingSort::Port, &port).unwrap();
        assert_eq!(
            (port.owner.as_str(), port.network.as_deref(), port.line().as_str()),
            ("Octavia", Some("n"), "port p")
        );
        assert!(read(ThingSort::Server, &json!({"name": "no id"})).is_none());
    }
}
