use std::collections::BTreeMap;

use serde_json::json;

use super::{needs, resources};
use crate::driver::{Parameter, StackPlan};
use crate::model::Flavor;
use crate::model::service_quota::{Item, Needs};

const MAIN: &str = "
heat_template_version: 2018-08-31
parameters:
  count: {type: number}
  gone: {type: comma_delimited_list, default: []}
  key: {type: string, hidden: true}
  lb: {type: boolean}
conditions:
  with_lb: {get_param: lb}
resources:
  net: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.0.0.0/24}}
  router: {type: OS::Neutron::Router}
  interface: {type: OS::Neutron::RouterInterface, properties: {router: {get_resource: router}, subnet: {get_resource: subnet}}}
  closed: {type: OS::Neutron::SecurityGroup, properties: {rules: [{protocol: tcp, direction: egress}]}}
  open: {type: OS::Neutron::SecurityGroup, properties: {rules: [{protocol: icmp}, {protocol: tcp}]}}
  both: {type: OS::Neutron::SecurityGroupRule, properties: {security_group: {get_resource: open}}}
  group: {type: OS::Nova::ServerGroup, properties: {policies: [soft-anti-affinity]}}
  balancer: {type: OS::Octavia::LoadBalancer, condition: with_lb, properties: {vip_subnet: {get_resource: subnet}}}
  handle: {type: OS::Heat::WaitConditionHandle}
  nodes:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: count}
      removal_policies: [{resource_list: {get_param: gone}}]
      resource_def:
        type: node.yaml
        properties:
          index: '%index%'
          network: {get_attr: [subnet, network_id]}
          group: {get_resource: group}
          user_data: {str_replace: {template: a, params: {a: {get_param: key}}}}
";
const NODE: &str = "
heat_template_version: 2018-08-31
parameters:
  index: {type: string}
  network: {type: string}
  group: {type: string}
  user_data: {type: string}
resources:
  ip: {type: Test::FloatingIP}
  disk: {type: OS::Cinder::Volume, properties: {size: 5, volume_type: ssd}}
  server:
    type: OS::Nova::Server
    properties:
      flavor: m1.large
      image: img
      networks: [{network: {get_param: network}}]
      user_data: {get_param: user_data}
      scheduler_hints: {group: {get_param: group}}
      block_device_mapping_v2: [{image: img, volume_size: 20, boot_index: 0}]
";

fn plan(count: u64, lb: bool) -> StackPlan {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    StackPlan {
        stack_name: "s".into(),
        template: MAIN.into(),
        files: BTreeMap::from([
            file("node.yaml", NODE),
            file("env.yaml", "resource_registry: {Test::FloatingIP: OS::Neutron::FloatingIP}"),
        ]),
        environment_files: vec!["env.yaml".into()],
        parameters: BTreeMap::from([
            ("count".into(), Parameter::Plain(json!(count))),
            ("gone".into(), Parameter::Plain(json!(["0"]))),
            ("key".into(), Parameter::Secret("k".into())),
            ("lb".into(), Parameter::Plain(json!(lb))),
        ]),
        timeout_mins: 1,
        tags: vec![],
    }
}

#[test]
fn everything_that_is_counted_is_found_however_deep() {
    let flavors = [Flavor { id: "4".into(), name: "m1.large".into(), vcpus: 4, ram: 8192, disk: 80 }];
    let made = resources(&plan(2, true)).unwrap();
    let paths: Vec<String> = made.iter().filter(|m| m.kind == "OS::Nova::Server").map(|m| m.path.join(".")).collect();
    assert_eq!(paths, ["nodes.1.server", "nodes.2.server"]);
    let want = Needs::from([
        (Item::Instances, 2),
        (Item::Cores, 8),
        (Item::Ram, 16384),
        (Item::ServerGroups, 1),
        (Item::ServerGroupMembers, 2),
        (Item::Networks, 1),
        (Item::Subnets, 1),
        (Item::Routers, 1),
        // The router's, the load balancer's and one each server.
        (Item::Ports, 4),
        (Item::FloatingIps, 2),
        (Item::SecurityGroups, 2),
        // One; two and the two of every group; one by itself.
        (Item::SecurityGroupRules, 6),
        (Item::Volumes, 4),
        (Item::Gigabytes, 50),
        (Item::VolumeGigabytes, 20),
        (Item::VolumesOf("ssd".into()), 2),
        (Item::GigabytesOf("ssd".into()), 10),
        (Item::LoadBalancers, 1),
    ]);
    assert_eq!(needs(&made, &flavors), want);
}

#[test]
fn what_is_switched_off_is_not_counted() {
    let needs = needs(&resources(&plan(0, false)).unwrap(), &[]);
    assert_eq!(needs.get(&Item::LoadBalancers), None);
    assert_eq!(needs.get(&Item::Instances), None);
    assert_eq!(needs.get(&Item::Ports), Some(&1));
}

#[test]
fn what_heat_would_refuse_is_told_and_never_runs_away() {
    let mut endless = plan(1, false);
    endless.files.insert(
        "node.yaml".into(),
        NODE.replace(
            "Test::FloatingIP}",
            "node.yaml, properties: {index: {get_param: index}, network: n, group: g, user_data: u}}",
        ),
    );
    assert!(resources(&endless).unwrap_err().summary.contains("nested without end"));
    let told = resources(&plan(1001, false)).unwrap_err().summary;
    assert!(told.contains("Maximum resources"), "{told}");
    let mut unknown = plan(1, false);
    unknown.parameters.insert("nosuch".into(), Parameter::Plain(json!(1)));
    assert!(resources(&unknown).unwrap_err().summary.contains("nosuch"));
}
