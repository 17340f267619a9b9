//! What a plan will make, read off its own templates, and what that takes of the
//! project's quotas.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::plan::{Parameter, StackPlan};
use crate::hot::unfold::Anything;
use crate::hot::{Environment, Inputs, Made, Refusal, template, unfold};
use crate::model::service_quota::{Item, Needs};
use crate::model::{Flavor, Problem};

/// Every resource the stack will have; those that only group others are left out.
pub fn resources(plan: &StackPlan) -> Result<Vec<Made>, Problem> {
    let made = || -> Result<Vec<Made>, Refusal> {
        let environment = Environment::merge(None, &plan.environment_files, &plan.files)?;
        let known = |value: &Parameter| match value {
            Parameter::Plain(value) => Some(value.clone()),
            // What is secret decides nothing about what is made.
            Parameter::Secret(_) => None,
        };
        let parameters = plan.parameters.iter().map(|(name, value)| (name.clone(), known(value))).collect();
        let inputs = Inputs {
            stack_name: &plan.stack_name,
            stack_id: "",
            project_id: "",
            parameters: &parameters,
            environment: &environment,
            files: &plan.files,
            lookup: &Anything,
        };
        unfold(&template::read(&Value::String(plan.template.clone()))?, &inputs)
    };
    made().map_err(|refusal| Problem::invalid(format!("Heat would refuse the stack: {}", refusal.message())))
}

/// What the services will count. Floating IPs' and gateways' own ports belong to no
/// project; DHCP ports that Neutron adds by itself are not known before.
pub fn needs(resources: &[Made], flavors: &[Flavor]) -> Needs {
    let mut bill = Bill { needs: Needs::new(), groups: BTreeMap::new(), flavors };
    resources.iter().for_each(|made| bill.add(made));
    if let Some(most) = bill.groups.values().copied().max() {
        bill.needs.insert(Item::ServerGroupMembers, most);
    }
    bill.needs
}

struct Bill<'a> {
    needs: Needs,
    /// Servers by the group they go into.
    groups: BTreeMap<String, u64>,
    flavors: &'a [Flavor],
}

impl Bill<'_> {
    fn add(&mut self, made: &Made) {
        let properties = &made.properties;
        match made.kind.as_str() {
            "OS::Nova::Server" => self.server(properties),
            "OS::Nova::ServerGroup" => self.take(Item::ServerGroups, 1),
            "OS::Neutron::Net" => self.take(Item::Networks, 1),
            "OS::Neutron::Subnet" => self.take(Item::Subnets, 1),
            "OS::Neutron::Router" => self.take(Item::Routers, 1),
            "OS::Neutron::Port" => self.take(Item::Ports, 1),
            // Neutron makes a port for it where it is told a subnet.
            "OS::Neutron::RouterInterface" if !given(properties, "port") => self.take(Item::Ports, 1),
            "OS::Neutron::FloatingIP" => self.take(Item::FloatingIps, 1),
            "OS::Neutron::SecurityGroup" => {
                self.take(Item::SecurityGroups, 1);
                self.take(Item::SecurityGroupRules, rules(properties));
            }
            "OS::Neutron::SecurityGroupRule" => self.take(Item::SecurityGroupRules, 1),
            "OS::Cinder::Volume" => {
                let kind = properties.get("volume_type").and_then(Value::as_str);
                self.volume(number(properties.get("size")), kind);
            }
            "OS::Octavia::LoadBalancer" => {
                self.take(Item::LoadBalancers, 1);
                // Its address is a port of the project's.
                self.take(Item::Ports, 1);
            }
            "OS::Octavia::Listener" => self.take(Item::Listeners, 1),
            "OS::Octavia::Pool" => self.take(Item::Pools, 1),
            "OS::Octavia::PoolMember" => self.take(Item::Members, 1),
            "OS::Octavia::HealthMonitor" => self.take(Item::HealthMonitors, 1),
            _ => {}
        }
    }

    fn take(&mut self, item: Item, count: u64) {
        let sum = self.needs.entry(item).or_default();
        *sum = sum.saturating_add(count);
    }

    fn server(&mut self, properties: &Map<String, Value>) {
        self.take(Item::Instances, 1);
        let wanted = properties.get("flavor").and_then(Value::as_str).unwrap_or_default();
        let named = |flavor: &&Flavor| flavor.id == wanted || flavor.name == wanted;
        if let Some(flavor) = self.flavors.iter().find(named) {
            self.take(Item::Cores, flavor.vcpus.into());
            self.take(Item::Ram, flavor.ram);
        }
        if let Some(group) = properties.get("scheduler_hints").and_then(|hints| hints["group"].as_str()) {
            *self.groups.entry(group.to_owned()).or_default() += 1;
        }
        let networks = items(properties.get("networks"));
        self.take(Item::Ports, networks.filter(|network| network.get("port").is_none()).count() as u64);
        for disk in items(properties.get("block_device_mapping_v2")) {
            // Nova has Cinder make a volume where it is given an image and a size.
            let size = number(disk.get("volume_size"));
            if size > 0 && disk["volume_id"].is_null() {
                self.volume(size, disk["volume_type"].as_str());
            }
        }
    }

    fn volume(&mut self, size: u64, kind: Option<&str>) {
        self.take(Item::Volumes, 1);
        self.take(Item::Gigabytes, size);
        let largest = self.needs.entry(Item::VolumeGigabytes).or_default();
        *largest = (*largest).max(size);
        if let Some(kind) = kind.filter(|kind| !kind.is_empty()) {
            self.take(Item::VolumesOf(kind.to_owned()), 1);
            self.take(Item::GigabytesOf(kind.to_owned()), size);
        }
    }
}

/// Its own, and the two for the way out that Neutron gives every group: Heat takes those
/// away where one is among the group's own.
fn rules(properties: &Map<String, Value>) -> u64 {
    let own = items(properties.get("rules")).count() as u64;
    let out = items(properties.get("rules")).any(|rule| rule["direction"] == "egress");
    if out { own } else { own + 2 }
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn given(properties: &Map<String, Value>, key: &str) -> bool {
    properties.get(key).is_some_and(|value| !value.is_null() && *value != "")
}

fn number(value: Option<&Value>) -> u64 {
    value.and_then(|value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())).unwrap_or_default()
}

#[cfg(test)]
mod tests;
