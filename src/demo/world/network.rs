//! Networks, addresses, load balancers: making rows, and what is derived from others.

use std::net::Ipv4Addr;

use chrono::Utc;
use serde_json::{Value, json};

use super::{Kind, Row, World, new_id, row, stamp, stamp_bare, text};

/// Network address and prefix length of a CIDR.
pub fn cidr(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, bits) = text.split_once('/')?;
    let bits: u8 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    Some((address.parse().ok()?, bits))
}

fn nth(network: Ipv4Addr, n: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(network).saturating_add(n))
}

fn size(bits: u8) -> u32 {
    1u32.checked_shl(u32::from(32 - bits)).unwrap_or(u32::MAX)
}

/// Address pairs of a port as Neutron keeps them.
pub fn pairs(wishes: &Value, mac: &str) -> Vec<Value> {
    let wishes = wishes.as_array().into_iter().flatten();
    let own = |pair: &Value| pair["mac_address"].as_str().unwrap_or(mac).to_owned();
    wishes.map(|pair| json!({"mac_address": own(pair), "ip_address": pair["ip_address"]})).collect()
}

/// As many addresses of a network are looked through before it counts as full.
const SEARCH: u32 = 65_536;

impl World {
    /// A row with the fields every object of Neutron has.
    pub fn neutron(&self, kind: Kind, name: &str, fields: Value) -> Row {
        let now = stamp(Utc::now());
        let mut made = row(
            kind,
            json!({
                "id": new_id(), "name": name, "tenant_id": self.ids.project, "project_id": self.ids.project,
                "created_at": now, "updated_at": now, "revision_number": 1,
            }),
        );
        if let Value::Object(fields) = fields {
            made.extend(fields);
        }
        made
    }

    /// A row with the fields every object of Octavia has, still being made.
    pub fn octavia(&self, kind: Kind, name: &str, fields: Value) -> Row {
        let mut made = row(
            kind,
            json!({
                "id": new_id(), "name": name, "tenant_id": self.ids.project, "project_id": self.ids.project,
                "created_at": stamp_bare(Utc::now()), "updated_at": null,
                "provisioning_status": "PENDING_CREATE", "operating_status": "OFFLINE",
            }),
        );
        if let Value::Object(fields) = fields {
            made.extend(fields);
        }
        made
    }

    pub fn make_subnet(&mut self, name: &str, network: &str, fields: Value) -> Result<String, String> {
        let wanted = fields.get("cidr").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some((base, bits)) = cidr(&wanted) else {
            return Err(format!("Invalid input for cidr. Reason: '{wanted}' is not a valid IP subnet."));
        };
        let mut siblings = self.rows(Kind::Subnet).iter().filter(|other| text(other, "network_id") == network);
        if siblings.any(|other| text(other, "cidr") == wanted) {
            return Err(format!(
                "Invalid input for operation: Requested subnet with cidr: {wanted} for network: {network} overlaps with another subnet."
            ));
        }
        let last = nth(base, size(bits).saturating_sub(2)).to_string();
        let mut made = self.neutron(
            Kind::Subnet,
            name,
            json!({
                "network_id": network, "ip_version": 4, "enable_dhcp": true, "gateway_ip": nth(base, 1).to_string(),
                "allocation_pools": [{"start": nth(base, 2).to_string(), "end": last}], "revision_number": 0,
            }),
        );
        if let Value::Object(fields) = fields {
            made.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Ok(self.insert(Kind::Subnet, made))
    }

    fn taken(&self, subnet: &Row, address: &str) -> bool {
        let id = text(subnet, "id");
        text(subnet, "gateway_ip") == address
            || self.rows(Kind::FloatingIp).iter().any(|ip| text(ip, "floating_ip_address") == address)
            || self
                .rows(Kind::Router)
                .iter()
                .any(|router| router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"] == address)
            || self.rows(Kind::Port).iter().any(|port| {
                let ips = port.get("fixed_ips").and_then(Value::as_array);
                ips.is_some_and(|ips| ips.iter().any(|ip| ip["subnet_id"] == id && ip["ip_address"] == address))
            })
    }

    /// The next address of the subnet nobody has, or the wanted one when it is free.
    pub fn address(&self, subnet: &Row, wanted: Option<&str>) -> Result<String, String> {
        if let Some(wanted) = wanted {
            if self.taken(subnet, wanted) {
                return Err(format!("IP address {wanted} already allocated in subnet {}", text(subnet, "id")));
            }
            return Ok(wanted.to_owned());
        }
        let full = || format!("No more IP addresses available on network {}.", text(subnet, "network_id"));
        let (base, bits) = cidr(text(subnet, "cidr")).ok_or_else(full)?;
        let size = size(bits);
        // The first hundred are left to gateways and people where there is room.
        let first = if size > 128 { 100 } else { 2 };
        (first..size.saturating_sub(1).min(SEARCH))
            .chain(2..first.min(size.saturating_sub(1)))
            .map(|n| nth(base, n).to_string())
            .find(|address| !self.taken(subnet, address))
            .ok_or_else(full)
    }

    fn first_subnet(&self, network: &str) -> Option<&Row> {
        self.rows(Kind::Subnet).iter().find(|subnet| text(subnet, "network_id") == network)
    }

    fn fixed_ips(&self, network: &str, wishes: &Value) -> Result<Vec<Value>, String> {
        let wishes = wishes.as_array().map(Vec::as_slice).unwrap_or_default();
        if wishes.is_empty() {
            let Some(subnet) = self.first_subnet(network) else { return Ok(Vec::new()) };
            return Ok(vec![json!({"subnet_id": text(subnet, "id"), "ip_address": self.address(subnet, None)?})]);
        }
        let mut fixed = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let name = wish.get("subnet").and_then(Value::as_str);
            let subnet = name.map_or_else(|| self.first_subnet(network), |name| self.named(Kind::Subnet, name));
            let Some(subnet) = subnet else {
                return Err(format!("Subnet {} could not be found.", name.unwrap_or_default()));
            };
            let wanted = wish.get("ip_address").and_then(Value::as_str).filter(|ip| !ip.is_empty());
            fixed.push(json!({"subnet_id": text(subnet, "id"), "ip_address": self.address(subnet, wanted)?}));
        }
        Ok(fixed)
    }

    /// A port; `wishes` as the properties of `OS::Neutron::Port`.
    pub fn make_port(&mut self, name: &str, network: &str, wishes: &Value) -> Result<String, String> {
        let fixed = self.fixed_ips(network, &wishes["fixed_ips"])?;
        let bytes = uuid::Uuid::new_v4().into_bytes();
        let mac = format!("fa:16:3e:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2]);
        let groups = match wishes["security_groups"].as_array() {
            Some(groups) => {
                groups.iter().filter_map(Value::as_str).map(|g| self.id_of(Kind::SecurityGroup, g)).collect()
            }
            None => vec![self.ids.default_group.clone()],
        };
        let pairs = pairs(&wishes["allowed_address_pairs"], &mac);
        let secured = wishes["port_security_enabled"].as_bool().unwrap_or(true);
        let made = self.neutron(
            Kind::Port,
            name,
            json!({
                "network_id": network, "mac_address": mac, "status": "DOWN", "fixed_ips": fixed,
                "security_groups": if secured { groups } else { Vec::new() },
                "allowed_address_pairs": pairs, "port_security_enabled": secured,
            }),
        );
        Ok(self.insert(Kind::Port, made))
    }

    /// A port of the cloud's own (router interface, VIP); a router may have the gateway's address.
    pub fn make_service_port(
        &mut self,
        owner: &str,
        device: &str,
        subnet: &str,
        address: Option<&str>,
    ) -> Result<String, String> {
        let found = self.find(Kind::Subnet, subnet).ok_or_else(|| format!("Subnet {subnet} could not be found."))?;
        let network = text(found, "network_id").to_owned();
        let gateway = address.filter(|address| text(found, "gateway_ip") == *address).map(str::to_owned);
        let wanted = if gateway.is_some() { None } else { address };
        let id = self.make_port(
            "",
            &network,
            &json!({"fixed_ips": [{"subnet": subnet, "ip_address": wanted}], "security_groups": []}),
        )?;
        if let Some(port) = self.find_mut(Kind::Port, &id) {
            port.insert("device_owner".into(), owner.into());
            port.insert("device_id".into(), device.into());
            port.insert("port_security_enabled".into(), false.into());
            if let Some(gateway) = gateway {
                port.insert("fixed_ips".into(), json!([{"subnet_id": subnet, "ip_address": gateway}]));
            }
        }
        Ok(id)
    }

    /// The id of an external network, or Neutron's refusal.
    fn external(&self, network: &str, refusal: impl Fn(&str) -> String) -> Result<String, String> {
        let found =
            self.named(Kind::Network, network).ok_or_else(|| format!("Network {network} could not be found."))?;
        let id = text(found, "id");
        if found["router:external"] == true { Ok(id.to_owned()) } else { Err(refusal(id)) }
    }

    /// A router's way out.
    pub fn gateway(&self, network: &str, snat: bool) -> Result<Value, String> {
        let id =
            self.external(network, |id| format!("Bad router request: Network {id} is not an external network."))?;
        let fixed = match self.first_subnet(&id) {
            Some(subnet) => json!([{"subnet_id": text(subnet, "id"), "ip_address": self.address(subnet, None)?}]),
            None => json!([]),
        };
        Ok(json!({"network_id": id, "external_fixed_ips": fixed, "enable_snat": snat}))
    }

    pub fn make_floating_ip(&mut self, network: &str) -> Result<String, String> {
        let id = self
            .external(network, |id| format!("Bad floatingip request: Network {id} is not a valid external network."))?;
        let subnet =
            self.first_subnet(&id).ok_or_else(|| format!("No more IP addresses available on network {id}."))?;
        let address = self.address(subnet, None)?;
        let mut made = self.neutron(
            Kind::FloatingIp,
            "",
            json!({
                "floating_ip_address": address, "floating_network_id": id, "router_id": null, "port_id": null,
                "fixed_ip_address": null, "status": "DOWN", "revision_number": 0,
            }),
        );
        made.shift_remove("name");
        Ok(self.insert(Kind::FloatingIp, made))
    }

    /// Points a floating IP at a port, whose subnet must have a router to the outside.
    pub fn associate(&mut self, floating: &str, port: &str) -> Result<(), String> {
        let found = self.find(Kind::Port, port).ok_or_else(|| format!("Port {port} could not be found."))?;
        let fixed = found["fixed_ips"][0].clone();
        let outside = self
            .find(Kind::FloatingIp, floating)
            .map(|ip| text(ip, "floating_network_id").to_owned())
            .unwrap_or_default();
        let reaches = |router: &&Row| {
            router["external_gateway_info"]["network_id"] == outside.as_str()
                && self.rows(Kind::Port).iter().any(|port| {
                    text(port, "device_id") == text(router, "id")
                        && port["fixed_ips"][0]["subnet_id"] == fixed["subnet_id"]
                })
        };
        let Some(router) = self.rows(Kind::Router).iter().find(reaches).map(|router| text(router, "id").to_owned())
        else {
            let subnet = fixed["subnet_id"].as_str().unwrap_or_default();
            return Err(format!(
                "External network {outside} is not reachable from subnet {subnet}.  Therefore, cannot associate Port {port} with a Floating IP."
            ));
        };
        if let Some(ip) = self.find_mut(Kind::FloatingIp, floating) {
            ip.insert("port_id".into(), port.into());
            ip.insert("router_id".into(), router.into());
            ip.insert("fixed_ip_address".into(), fixed["ip_address"].clone());
            ip.insert("status".into(), "ACTIVE".into());
        }
        Ok(())
    }

    /// A port goes: no floating IP leads to it any more.
    pub fn let_go(&mut self, port: &str) {
        let led = self.rows(Kind::FloatingIp).iter().filter(|ip| text(ip, "port_id") == port);
        let led: Vec<String> = led.map(|ip| text(ip, "id").to_owned()).collect();
        for ip in led {
            for (key, value) in [("port_id", Value::Null), ("router_id", Value::Null), ("status", "DOWN".into())] {
                self.set(Kind::FloatingIp, &ip, key, value);
            }
        }
    }

    /// A security group with the rules Neutron gives each.
    pub fn make_security_group(&mut self, name: &str, description: &str) -> String {
        let made = self.neutron(Kind::SecurityGroup, name, json!({"description": description, "stateful": true}));
        let id = self.insert(Kind::SecurityGroup, made);
        for ethertype in ["IPv4", "IPv6"] {
            self.make_rule(&id, json!({"direction": "egress", "ethertype": ethertype, "description": null}));
        }
        id
    }

    pub fn make_rule(&mut self, group: &str, fields: Value) -> String {
        let mut made =
            self.neutron(Kind::SecurityGroupRule, "", json!({"security_group_id": group, "revision_number": 0}));
        made.shift_remove("name");
        if let Value::Object(fields) = fields {
            made.extend(fields);
        }
        let prefix = made.get("remote_ip_prefix").cloned().unwrap_or_default();
        made.insert("normalized_cidr".into(), prefix);
        self.insert(Kind::SecurityGroupRule, made)
    }

    /// Fills in what a row shows of others.
    pub(super) fn derive(&self, kind: Kind, row: &mut Row) {
        let id = text(row, "id").to_owned();
        let ids = |kind: Kind, key: &str| -> Value {
            self.rows(kind)
                .iter()
                .filter(|row| text(row, key) == id)
                .map(|row| json!({"id": text(row, "id")}))
                .collect()
        };
        let one = |kind: Kind, key: &str| -> Value {
            self.rows(kind).iter().find(|row| text(row, key) == id).map_or(Value::Null, |row| text(row, "id").into())
        };
        match kind {
            Kind::Network => {
                let subnets = self.rows(Kind::Subnet).iter().filter(|subnet| text(subnet, "network_id") == id);
                let subnets: Value = subnets.map(|subnet| Value::from(text(subnet, "id"))).collect();
                row.insert("subnets".into(), subnets);
            }
            Kind::FloatingIp => {
                let keys =
                    ["name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner"];
                let details = self.find(Kind::Port, text(row, "port_id")).map_or(Value::Null, |port| {
                    Value::Object(keys.iter().map(|key| ((*key).to_owned(), port[*key].clone())).collect())
                });
                row.insert("port_details".into(), details);
            }
            Kind::SecurityGroup => {
                let rules = self.rows(Kind::SecurityGroupRule).iter().enumerate();
                let rules: Value = rules
                    .filter(|(_, rule)| text(rule, "security_group_id") == id)
                    .map(|(nth, rule)| {
                        let mut rule = rule.clone();
                        rule.insert("standard_attr_id".into(), nth.into());
                        rule.insert("tags".into(), json!([]));
                        Value::from(rule)
                    })
                    .collect();
                row.insert("security_group_rules".into(), rules);
            }
            Kind::LoadBalancer => {
                row.insert("listeners".into(), ids(Kind::Listener, "_loadbalancer"));
                row.insert("pools".into(), ids(Kind::Pool, "_loadbalancer"));
            }
            Kind::Listener => {
                row.insert("default_pool_id".into(), one(Kind::Pool, "_listener"));
            }
            Kind::Pool => {
                row.insert("members".into(), ids(Kind::Member, "_pool"));
                row.insert("healthmonitor_id".into(), one(Kind::Monitor, "_pool"));
            }
            Kind::Server => self.derive_server(&id, row),
            _ => {}
        }
    }
}
