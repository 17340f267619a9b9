use rstest::rstest;

use super::*;

const TOML: &str = r#"
name = "tiny"
summary = "as small as a driver can be"
server_type = "vm"
os_distro = ["ubuntu"]
coe = "kubernetes"
template = "cluster.yaml"
files = ["node.yaml", "net-own.yaml", "net-old.yaml", "scripts/node.sh"]

[accepts]
network_driver = ["flannel"]

[refuses]
tls_disabled = "always TLS"

[[environments]]
when = "cluster.has_fixed_network"
use = "env-old.yaml"
otherwise = "env-own.yaml"

[parameters]
image = "facts.image_id"
count = "spec.master_count"
fixed_network = "facts.fixed_network_id"
zone = "label.zone"

[settings]
ROLE = "group.kind"

[archives.packed]
"more.sh" = "scripts/more.sh"
"pki/ca.crt" = "secret.ca_cert"

[label_defaults]
zone = "nova"

[outputs]
api_address = "api_address"
masters = "addresses"
worker_groups = "addresses"
"#;

const CLUSTER: &str = r#"
heat_template_version: 2018-08-31
parameters:
  image: {type: string}
  count: {type: number, constraints: [{range: {min: 1}}]}
  fixed_network: {type: string, default: ""}
  zone: {type: string, default: ""}
  packed: {type: string}
conditions:
  any_zone: {equals: [{get_param: zone}, ""]}
resources:
  network:
    type: Tiny::Network
    properties: {fixed_network: {get_param: fixed_network}, name: {get_param: OS::stack_name}}
  nodes:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: count}
      resource_def:
        type: node.yaml
        properties:
          image: {get_param: image}
          network: {get_attr: [network, network]}
          zone: {if: [any_zone, null, {get_param: zone}]}
          packed: {get_param: packed}
          script:
            str_replace: {template: {get_file: scripts/node.sh}, params: {__ZONE__: {get_param: zone}}}
outputs:
  api_address: {value: {get_attr: [nodes, resource.0.address]}}
  addresses: {value: {get_attr: [nodes, address]}}
"#;

const NODE: &str = r#"
heat_template_version: 2018-08-31
parameters:
  image: {type: string}
  network: {type: string}
  zone: {type: string, default: ""}
  script: {type: string}
  packed: {type: string}
resources:
  port:
    type: OS::Neutron::Port
    properties: {network: {get_param: network}}
  server:
    type: OS::Nova::Server
    properties:
      image: {get_param: image}
      flavor: small
      availability_zone: {get_param: zone}
      networks: [{port: {get_resource: port}}]
      user_data_format: RAW
      user_data: {list_join: ["\n", [{get_param: script}, "SIZE=1", {get_param: packed}]]}
outputs:
  address: {value: {get_attr: [port, fixed_ips, 0, ip_address]}}
"#;

const OWN: &str = r#"
heat_template_version: 2018-08-31
parameters:
  name: {type: string}
  fixed_network: {type: string}
resources:
  network: {type: OS::Neutron::Net, properties: {name: {get_param: name}}}
outputs:
  network: {value: {get_resource: network}}
"#;

const OLD: &str = r#"
heat_template_version: 2018-08-31
parameters:
  name: {type: string}
  fixed_network: {type: string}
outputs:
  network: {value: {get_param: fixed_network}}
"#;

fn tiny() -> Folder {
    [
        (MANIFEST, TOML),
        ("cluster.yaml", CLUSTER),
        ("node.yaml", NODE),
        ("net-own.yaml", OWN),
        ("net-old.yaml", OLD),
        ("env-own.yaml", "resource_registry: {'Tiny::Network': net-own.yaml}"),
        ("env-old.yaml", "resource_registry: {'Tiny::Network': net-old.yaml}"),
        ("scripts/node.sh", "#!/bin/bash\necho zone __ZONE__ $(setting SIZE) $(setting MORE none)\n"),
        ("scripts/more.sh", "echo \"$(setting ROLE)\"\n"),
        ("README.md", "# tiny"),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .into()
}

fn check(folder: Folder) -> Vec<String> {
    let told = |finding: Finding| format!("{:?} {}: {}", finding.level, finding.file, finding.text);
    super::check(&Drivers::builtin().unwrap(), folder).into_iter().map(told).collect()
}

#[test]
fn nothing_is_wrong_with_ours() {
    let drivers = Drivers::builtin().unwrap();
    for driver in drivers.iter() {
        let mut found = check(driver.files.clone());
        // The Ubuntu driver's settings are for all that stand on it, and for scripts to come.
        found.retain(|line| !line.contains("no script reads the setting"));
        assert_eq!(found, Vec::<String>::new(), "{}", driver.manifest.name);
    }
    assert_eq!(check(tiny()), Vec::<String>::new());
}

#[rstest]
// The manifest.
#[case::key(
    MANIFEST,
    "coe =",
    "colour = 1\ncoe =",
    "Error driver.toml: driver tiny: driver.toml: unknown field `colour`"
)]
#[case::attribute(
    MANIFEST,
    "spec.master_count",
    "spec.master",
    "Error driver.toml: attribute spec.master is not known"
)]
#[case::no_file(
    MANIFEST,
    "\"node.yaml\", ",
    "\"node.yaml\", \"gone.yaml\", ",
    "Error driver.toml: file gone.yaml is named but not there"
)]
#[case::not_named(
    MANIFEST,
    "\"node.yaml\", ",
    "",
    "Error driver.toml: files does not name node.yaml: Heat would not get it"
)]
#[case::field(MANIFEST, "tls_disabled =", "tls_off =", "Error driver.toml: refuses: a template has no field tls_off")]
#[case::server_type(MANIFEST, "\"vm\"", "\"virtual\"", "Error driver.toml: server_type \"virtual\" is none of: vm, bm")]
#[case::distro(
    MANIFEST,
    "[\"ubuntu\"]",
    "[]",
    "Warning driver.toml: os_distro is empty: the driver can only be chosen by name"
)]
#[case::parameter(
    MANIFEST,
    "zone = \"label.zone\"",
    "area = \"label.zone\"",
    "Error driver.toml: parameter area is sent, but cluster.yaml does not declare it"
)]
#[case::not_sent(
    MANIFEST,
    "image = \"facts.image_id\"",
    "",
    "Error cluster.yaml: parameters.image: has no default and driver.toml does not send it"
)]
#[case::output(
    MANIFEST,
    "api_address = \"api_address\"",
    "api_address = \"api\"",
    "Error driver.toml: outputs: api_address is read from api, which cluster.yaml does not have"
)]
// One template.
#[case::yaml("node.yaml", "parameters:", "parameters: [", "Error node.yaml: not YAML: ")]
#[case::version("node.yaml", "2018-08-31", "2019-01-01", "Error node.yaml: The template version is invalid")]
#[case::section("node.yaml", "outputs:", "output:", "Error node.yaml: The template section is invalid: output")]
#[case::parameter_type(
    "node.yaml",
    "script: {type: string}",
    "script: {type: text}",
    "Error node.yaml: Invalid type (text)"
)]
#[case::default(
    "cluster.yaml",
    "fixed_network: {type: string, default: \"\"}",
    "fixed_network: {type: number, default: many}",
    "Error cluster.yaml: parameters.fixed_network: default: "
)]
#[case::undeclared(
    "node.yaml",
    "{get_param: zone}",
    "{get_param: zones}",
    "Error node.yaml: resources.server.properties.availability_zone: parameter zones is used but not declared"
)]
#[case::idle(
    "node.yaml",
    "availability_zone: {get_param: zone}",
    "",
    "Warning node.yaml: parameters.zone is declared but not used"
)]
#[case::pseudo("cluster.yaml", "OS::stack_name", "OS::stackname", "there is no pseudo parameter OS::stackname")]
#[case::resource(
    "node.yaml",
    "get_resource: port",
    "get_resource: ports",
    "Error node.yaml: resources.server.properties.networks[0].port: there is no resource ports"
)]
#[case::attribute_of_nothing(
    "cluster.yaml",
    "[nodes, address]",
    "[node, address]",
    "Error cluster.yaml: outputs.addresses.value: there is no resource node"
)]
#[case::file(
    "cluster.yaml",
    "get_file: scripts/node.sh",
    "get_file: scripts/none.sh",
    "there is no file scripts/none.sh"
)]
#[case::depends(
    "node.yaml",
    "    type: OS::Nova::Server",
    "    type: OS::Nova::Server\n    depends_on: prot",
    "Error node.yaml: resources.server: depends_on prot, which is not there"
)]
#[case::function("node.yaml", "list_join:", "list_joins:", "list_joins is no function of HOT; did you mean list_join?")]
#[case::aws("node.yaml", "list_join:", "Fn::Join:", "Fn::Join is no function of HOT")]
#[case::too_new(
    "cluster.yaml",
    "2018-08-31",
    "2016-04-08",
    "if came with template version 2016-10-14, this one says 2016-04-08"
)]
#[case::release_name(
    "cluster.yaml",
    "[any_zone, null, {get_param: zone}]",
    "[any_zone, null]",
    "if without else came with template version 2021-04-16, this one says 2018-08-31"
)]
#[case::condition("cluster.yaml", "[any_zone, null", "[no_zone, null", "there is no condition \"no_zone\"")]
#[case::idle_condition(
    "cluster.yaml",
    "zone: {if: [any_zone, null, {get_param: zone}]}",
    "",
    "Warning cluster.yaml: conditions.any_zone is asked by nothing"
)]
// Templates together.
#[case::no_such_parameter(
    "node.yaml",
    "  script: {type: string}",
    "  text: {type: string}",
    "Error cluster.yaml: resources.nodes: node.yaml has no parameter script"
)]
#[case::missing_parameter(
    "node.yaml",
    "  script: {type: string}",
    "  script: {type: string}\n  text: {type: string}",
    "Error cluster.yaml: resources.nodes: node.yaml needs the parameter text"
)]
#[case::no_output(
    "cluster.yaml",
    "[nodes, address]",
    "[nodes, addresses]",
    "outputs.addresses.value: node.yaml has no output addresses"
)]
#[case::no_attribute("node.yaml", "[port, fixed_ips, 0", "[port, ips, 0", "OS::Neutron::Port has no attribute ips")]
#[case::one_choice_only(
    "net-old.yaml",
    "  network: {value",
    "  net: {value",
    "net-old.yaml has no output network with env-old.yaml"
)]
#[case::property("node.yaml", "flavor: small", "flavour: small", "Unknown Property flavour")]
#[case::property_type(
    "net-own.yaml",
    "name: {get_param: name}",
    "name: {get_param: name}, admin_state_up: perhaps",
    "\"perhaps\" is not a valid boolean"
)]
#[case::mapping(
    "env-old.yaml",
    "Tiny::Network",
    "Tiny::Networks",
    "resources.network: type Tiny::Network stands for nothing with env-old.yaml"
)]
#[case::target(
    "env-old.yaml",
    "net-old.yaml",
    "net-older.yaml",
    "resources.network: there is no file net-older.yaml with env-old.yaml"
)]
#[case::environment(
    "env-old.yaml",
    "resource_registry",
    "registry",
    "Error env-old.yaml: Environment not in valid format"
)]
#[case::circle(
    "net-own.yaml",
    "type: OS::Neutron::Net,",
    "type: net-own.yaml,",
    "templates are nested deeper than 6 with env-own.yaml"
)]
#[case::unchecked(
    "net-own.yaml",
    "OS::Neutron::Net,",
    "OS::Neutron::Segment,",
    "Warning net-own.yaml: resources.network: type OS::Neutron::Segment is not known here"
)]
// Scripts.
#[case::no_packed_file(
    MANIFEST,
    "scripts/more.sh",
    "scripts/less.sh",
    "Error driver.toml: file scripts/less.sh is named but not there"
)]
#[case::secret_setting(
    MANIFEST,
    "ROLE = \"group.kind\"",
    "ROLE = \"secret.ca_key\"",
    "Error driver.toml: attribute secret.ca_key is not known"
)]
#[case::idle_manifest_setting(
    MANIFEST,
    "ROLE = \"group.kind\"",
    "ROLE = \"group.kind\"\nROOM = \"group.name\"",
    "Warning driver.toml: no script reads the setting ROOM"
)]
#[case::idle_label(
    MANIFEST,
    "zone = \"nova\"",
    "zones = \"nova\"",
    "Warning driver.toml: label_defaults: nothing reads the label zones"
)]
#[case::path(MANIFEST, "\"more.sh\"", "\"\"", "Error driver.toml: archives.packed: the path \"\" must have")]
#[case::word("scripts/node.sh", "__ZONE__", "__ZONES__", "Error scripts/node.sh: line 2: nothing replaces __ZONES__")]
#[case::setting(
    "scripts/node.sh",
    "setting SIZE",
    "setting LENGTH",
    "Error scripts/node.sh: line 2: nothing provides the setting LENGTH"
)]
#[case::idle_setting("scripts/node.sh", "$(setting SIZE)", "", "Warning node.yaml: no script reads the setting SIZE")]
fn each_defect_is_told(#[case] file: &str, #[case] good: &str, #[case] bad: &str, #[case] told: &str) {
    let mut folder = tiny();
    let text = &folder[file];
    assert!(text.contains(good), "the row is out of date");
    let text = text.replacen(good, bad, 1);
    folder.insert(file.to_owned(), text);
    let found = check(folder);
    assert!(found.iter().any(|line| line.contains(told)), "{found:#?}");
    assert_eq!(found.iter().any(|line| line.starts_with("Error")), !told.starts_with("Warning"), "{found:#?}");
}

#[test]
fn files_that_nobody_needs_and_scripts_that_are_too_long() {
    let mut folder = tiny();
    folder.insert("old.yaml".into(), OWN.into());
    assert_eq!(check(folder), ["Warning old.yaml: is used by nothing"]);
    let mut folder = tiny();
    let long = format!("{}\n{}", folder["scripts/node.sh"], "# and so on\n".repeat(5000));
    folder.insert("scripts/node.sh".into(), long);
    let found = check(folder);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("resources.server: its user data is made of files of 60"), "{found:?}");
    let mut folder = tiny();
    // What does not shrink when it is packed.
    let mut sum = 1u64;
    let noise: String = (0..90_000)
        .map(|_| {
            sum = sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + u8::try_from((sum >> 33) % 90).unwrap())
        })
        .collect();
    folder.insert("scripts/more.sh".into(), format!("{}# {}", folder["scripts/more.sh"], noise));
    let found = check(folder);
    assert!(found.iter().any(|line| line.contains("Error driver.toml: archives.packed comes to ")), "{found:?}");
}

#[test]
fn many_choices_do_not_take_for_ever() {
    let mut folder = tiny();
    let choice = "[[environments]]\nwhen = \"cluster.master_lb_enabled\"\nuse = \"env-none.yaml\"\n";
    let text = TOML.replace("[parameters]", &format!("{}\n[parameters]", choice.repeat(70)));
    folder.insert("env-none.yaml".into(), "resource_registry: {}".into());
    folder.insert(MANIFEST.into(), text);
    assert_eq!(check(folder), Vec::<String>::new());
}

#[test]
fn what_is_inherited_is_part_of_it() {
    let own = "name = \"mine\"\nextends = \"k8s_ubuntu_kubeadm\"\n[parameters]\nno_such_parameter = \"label.mine\"\n";
    let found = check([(MANIFEST.to_owned(), own.to_owned())].into());
    assert_eq!(found, ["Error driver.toml: parameter no_such_parameter is sent, but cluster.yaml does not declare it"]);
}

#[test]
fn nothing_at_all_is_told() {
    assert_eq!(check(Folder::new()), ["Error driver.toml: a driver needs a driver.toml"]);
    let mut folder = tiny();
    folder.insert("cluster.yaml".into(), "just: yaml".into());
    assert!(check(folder).contains(&"Error cluster.yaml: not a template: it has no heat_template_version".to_owned()));
}
