//! Types of Neutron and Octavia.

use serde_json::{Value, json};

use super::{Wish, bad_request, refused};
use crate::demo::engine::Failure;
use crate::demo::world::{Kind, World, text};

fn not_found(words: String) -> Failure {
    refused("NotFound", words)
}

/// The id, and how many seconds it takes at the demonstration's pace.
pub fn begin(world: &mut World, kind: &str, wish: &Wish<'_>) -> Result<(String, f64), Failure> {
    Ok(match kind {
        "OS::Neutron::Net" => {
            let fields = wish.said(&["admin_state_up", "shared", "port_security_enabled"]);
            let made = world.neutron(Kind::Network, &wish.name(), fields);
            (world.insert(Kind::Network, made), 0.3)
        }
        "OS::Neutron::Subnet" => {
            let network = existing(world, Kind::Network, &wish.text("network"), "Network")?;
            let mut fields =
                wish.said(&["cidr", "gateway_ip", "dns_nameservers", "enable_dhcp", "allocation_pools", "host_routes"]);
            if fields["allocation_pools"] == json!([]) {
                fields["allocation_pools"] = Value::Null;
            }
            (world.make_subnet(&wish.name(), &network, fields).map_err(bad_request)?, 0.3)
        }
        "OS::Neutron::Router" => {
            let info = wish.get("external_gateway_info");
            let gateway = match info["network"].as_str() {
                Some(network) => {
                    world.gateway(network, info["enable_snat"].as_bool().unwrap_or(true)).map_err(bad_request)?
                }
                None => Value::Null,
            };
            let made = world.neutron(Kind::Router, &wish.name(), json!({"external_gateway_info": gateway}));
            (world.insert(Kind::Router, made), 0.35)
        }
        "OS::Neutron::RouterInterface" => router_interface(world, wish)?,
        "OS::Neutron::Port" => {
            let network = existing(world, Kind::Network, &wish.text("network"), "Network")?;
            let said = wish.said(&["fixed_ips", "security_groups", "allowed_address_pairs", "port_security_enabled"]);
            (world.make_port(&wish.name(), &network, &said).map_err(bad_request)?, 0.4)
        }
        "OS::Neutron::FloatingIP" => {
            let id = world.make_floating_ip(&wish.text("floating_network")).map_err(bad_request)?;
            let port = wish.text("port_id");
            if !port.is_empty() {
                let port = world.id_of(Kind::Port, &port);
                if let Err(words) = world.associate(&id, &port) {
                    world.remove(Kind::FloatingIp, &id);
                    return Err(not_found(words));
                }
            }
            (id, 0.4)
        }
        "OS::Neutron::FloatingIPAssociation" => {
            let id = existing(world, Kind::FloatingIp, &wish.text("floatingip_id"), "Floating IP")?;
            let port = world.id_of(Kind::Port, &wish.text("port_id"));
            world.associate(&id, &port).map_err(not_found)?;
            (id, 0.2)
        }
        "OS::Neutron::SecurityGroup" => (security_group(world, wish), 0.3),
        "OS::Neutron::SecurityGroupRule" => {
            let group = existing(world, Kind::SecurityGroup, &wish.text("security_group"), "Security group")?;
            let remote = wish.get("remote_group");
            let remote = remote.as_str().map(|group| world.id_of(Kind::SecurityGroup, group));
            let mut fields = wish.said(&[
                "direction",
                "ethertype",
                "protocol",
                "port_range_min",
                "port_range_max",
                "remote_ip_prefix",
            ]);
            fields["remote_group_id"] = remote.into();
            fields["description"] = wish.text("description").into();
            (world.make_rule(&group, fields), 0.2)
        }
        other => octavia(world, other, wish)?,
    })
}

fn existing(world: &World, kind: Kind, name: &str, what: &str) -> Result<String, Failure> {
    world
        .named(kind, name)
        .map(|row| text(row, "id").to_owned())
        .ok_or_else(|| not_found(format!("{what} {name} could not be found.")))
}

fn router_interface(world: &mut World, wish: &Wish<'_>) -> Result<(String, f64), Failure> {
    let router = existing(world, Kind::Router, &wish.text("router"), "Router")?;
    let port = wish.text("port");
    if !port.is_empty() {
        let port = existing(world, Kind::Port, &port, "Port")?;
        world.set(Kind::Port, &port, "device_id", router.clone());
        world.set(Kind::Port, &port, "device_owner", "network:router_interface");
        return Ok((format!("{router}:port_id={port}"), 0.4));
    }
    let subnet = existing(world, Kind::Subnet, &wish.text("subnet"), "Subnet")?;
    let gateway = world.find(Kind::Subnet, &subnet).map(|s| text(s, "gateway_ip").to_owned()).unwrap_or_default();
    let taken = world.rows(Kind::Port).iter().any(|port| {
        text(port, "device_owner") == "network:router_interface"
            && port["fixed_ips"][0]["ip_address"] == gateway.as_str()
            && port["fixed_ips"][0]["subnet_id"] == subnet.as_str()
    });
    if taken {
        return Err(bad_request(format!("Bad router request: Router already has a port on subnet {subnet}.")));
    }
    world.make_service_port("network:router_interface", &router, &subnet, Some(&gateway)).map_err(bad_request)?;
    Ok((format!("{router}:subnet_id={subnet}"), 0.4))
}

fn security_group(world: &mut World, wish: &Wish<'_>) -> String {
    let id = world.make_security_group(&wish.name(), &wish.text("description"));
    rules(world, &id, &wish.get("rules"));
    id
}

/// Makes a group's own rules.
pub fn rules(world: &mut World, id: &str, rules: &Value) {
    let rules = rules.as_array().map(Vec::as_slice).unwrap_or_default();
    if rules.iter().any(|rule| rule["direction"] == "egress") {
        // Somebody who says what may go out does not want Neutron's "everything".
        world.remove_where(Kind::SecurityGroupRule, |rule| text(rule, "security_group_id") == id);
    }
    for rule in rules {
        let remote = if rule["remote_mode"] == "remote_group_id" {
            match rule["remote_group_id"].as_str() {
                Some(group) => Value::from(world.id_of(Kind::SecurityGroup, group)),
                None => id.into(),
            }
        } else {
            Value::Null
        };
        let or = |key: &str, default: &str| rule[key].as_str().unwrap_or(default).to_owned();
        let fields = json!({
            "direction": or("direction", "ingress"), "ethertype": or("ethertype", "IPv4"), "protocol": rule["protocol"],
            "port_range_min": rule["port_range_min"], "port_range_max": rule["port_range_max"],
            "remote_ip_prefix": rule["remote_ip_prefix"], "remote_group_id": remote, "description": "",
        });
        world.make_rule(id, fields);
    }
}

fn octavia(world: &mut World, kind: &str, wish: &Wish<'_>) -> Result<(String, f64), Failure> {
    let parent = |world: &World, kind: Kind, key: &str, what: &str| {
        let name = wish.text(key);
        if name.is_empty() { Ok(String::new()) } else { existing(world, kind, &name, what) }
    };
    Ok(match kind {
        "OS::Octavia::LoadBalancer" => {
            let subnet = existing(world, Kind::Subnet, &wish.text("vip_subnet"), "Subnet")?;
            let network =
                world.find(Kind::Subnet, &subnet).map(|s| text(s, "network_id").to_owned()).unwrap_or_default();
            let mut made = world.octavia(
                Kind::LoadBalancer,
                &wish.name(),
                json!({"vip_subnet_id": subnet, "vip_network_id": network}),
            );
            let id = text(&made, "id").to_owned();
            let address = wish.text("vip_address");
            let address = (!address.is_empty()).then_some(address.as_str());
            let port =
                world.make_service_port("Octavia", &format!("lb-{id}"), &subnet, address).map_err(bad_request)?;
            world.set(Kind::Port, &port, "name", format!("octavia-lb-{id}"));
            let vip = world.find(Kind::Port, &port).map(|port| port["fixed_ips"][0]["ip_address"].clone());
            made.insert("vip_address".into(), vip.unwrap_or_default());
            made.insert("vip_port_id".into(), port.into());
            made.insert("provider".into(), "amphora".into());
            made.insert("description".into(), wish.text("description").into());
            (world.insert(Kind::LoadBalancer, made), 1.1)
        }
        "OS::Octavia::Listener" => {
            let balancer = parent(world, Kind::LoadBalancer, "loadbalancer", "Load Balancer")?;
            let mut fields = wish.said(&[
                "protocol",
                "protocol_port",
                "connection_limit",
                "allowed_cidrs",
                "timeout_client_data",
                "timeout_member_connect",
                "timeout_member_data",
                "admin_state_up",
            ]);
            fields["_loadbalancer"] = balancer.clone().into();
            fields["loadbalancers"] = json!([{"id": balancer}]);
            let made = world.octavia(Kind::Listener, &wish.name(), fields);
            (world.insert(Kind::Listener, made), 0.35)
        }
        "OS::Octavia::Pool" => {
            let listener = parent(world, Kind::Listener, "listener", "Listener")?;
            let balancer = match world.find(Kind::Listener, &listener) {
                Some(listener) => text(listener, "_loadbalancer").to_owned(),
                None => parent(world, Kind::LoadBalancer, "loadbalancer", "Load Balancer")?,
            };
            let mut fields = wish.said(&["protocol", "lb_algorithm", "session_persistence", "admin_state_up"]);
            fields["_listener"] = listener.clone().into();
            fields["_loadbalancer"] = balancer.clone().into();
            fields["loadbalancers"] = json!([{"id": balancer}]);
            fields["listeners"] = if listener.is_empty() { json!([]) } else { json!([{"id": listener}]) };
            let made = world.octavia(Kind::Pool, &wish.name(), fields);
            (world.insert(Kind::Pool, made), 0.35)
        }
        "OS::Octavia::PoolMember" => {
            let pool = existing(world, Kind::Pool, &wish.text("pool"), "Pool")?;
            let mut fields =
                wish.said(&["address", "protocol_port", "weight", "monitor_address", "monitor_port", "admin_state_up"]);
            let subnet = wish.text("subnet");
            if !subnet.is_empty() {
                fields["subnet_id"] = world.id_of(Kind::Subnet, &subnet).into();
            }
            fields["_pool"] = pool.into();
            let made = world.octavia(Kind::Member, &wish.text("name"), fields);
            (world.insert(Kind::Member, made), 0.35)
        }
        "OS::Octavia::HealthMonitor" => {
            let pool = existing(world, Kind::Pool, &wish.text("pool"), "Pool")?;
            let mut fields = wish.said(&[
                "type",
                "delay",
                "timeout",
                "max_retries",
                "http_method",
                "url_path",
                "expected_codes",
                "admin_state_up",
            ]);
            fields["_pool"] = pool.clone().into();
            fields["pools"] = json!([{"id": pool}]);
            let made = world.octavia(Kind::Monitor, "", fields);
            (world.insert(Kind::Monitor, made), 0.4)
        }
        other => {
            return Err(Failure::new("StackValidationFailed", format!("{other} cannot be made by this cloud")));
        }
    })
}
