//! A small cloud with everything in it that a screen can show, frozen in time.

use chrono::{DateTime, TimeDelta, Utc};
use jeroboam::cloud::{Identity, Scope};
use jeroboam::model::call::ApiCall;
use jeroboam::model::labels::catalogue::Sheet;
use jeroboam::model::labels::origin::{self, Effective, Origin};
use jeroboam::model::machine::{ServerAddress, ServerFault};
use jeroboam::model::node::Course;
use jeroboam::model::service_quota::Item;
use jeroboam::model::stack::StackOutput;
use jeroboam::model::validate::Inventory;
use jeroboam::model::{
    Authority, Check, CloudEntry, Cluster, ClusterId, ClusterTemplate, Flavor, HistoryEntry, HistoryKind, Image,
    IssuedCertificate, Keypair, Labels, Machine, Network, NewCluster, NewTemplate, Node, NodeGroup, NodeGroupId,
    Operation, Places, Problem, Progress, Project, QuotaUse, Rollout, RootCause, ServerSheet, StackEvent,
    StackResource, StackSheet, Status, Subnet, TemplateId, change,
};
use jeroboam::model::{CertificateRequest, Doubt, Orphan, ServiceQuota, Thing, ThingSort};
use jeroboam::service::preview::{Counted, PlanSheet, Preview};
use jeroboam::service::{CaCertificate, Change};
use jeroboam::ui::project::{Task, Told};
use jeroboam::ui::{Found, Source};
use uuid::Uuid;

pub fn now() -> DateTime<Utc> {
    "2026-11-23T14:02:11Z".parse().unwrap()
}

pub fn ago(seconds: i64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds)
}

pub const PROD: ClusterId = ClusterId(Uuid::from_u128(0xa1));
pub const CI: ClusterId = ClusterId(Uuid::from_u128(0xa2));
pub const STAGING: ClusterId = ClusterId(Uuid::from_u128(0xa3));
pub const ML: ClusterId = ClusterId(Uuid::from_u128(0xa4));
pub const K8S: TemplateId = TemplateId(Uuid::from_u128(0xb1));

pub fn identity() -> Identity {
    Identity {
        cloud: "devcloud".into(),
        scope: Scope { project_id: "p1".into(), region: "RegionOne".into() },
        project_name: "demo".into(),
        user_id: "u1".into(),
        user_name: "demo".into(),
        auth_url: "http://127.0.0.1:5000/v3".into(),
    }
}

/// Of the user's files; one cannot be used as it stands.
pub fn clouds() -> Vec<CloudEntry> {
    let entry = |name: &str, project: &str, problem| CloudEntry {
        name: name.into(),
        auth_url: format!("https://{name}.example.org:5000/v3"),
        project: Some(project.into()),
        region: Some("RegionOne".into()),
        problem,
    };
    let problem = Problem::invalid("cloud \"broken\" in /home/me/clouds.yaml: auth_url is missing");
    vec![entry("broken", "x", Some(problem)), entry("devcloud", "demo", None), entry("west", "shop", None)]
}

/// One of each kind, the oldest first.
pub fn calls() -> Vec<ApiCall> {
    let call = |number: u64, service: &str, method: &str, url: &str, status, took_ms, fault: Option<&str>| ApiCall {
        number,
        at: ago(60 - i64::try_from(number).unwrap() * 5),
        service: service.into(),
        method: method.into(),
        url: url.into(),
        attempt: if number == 4 { 2 } else { 1 },
        status,
        took_ms,
        request_id: status.map(|_| format!("req-8d0b3a5e-6f6f-4a0e-93d5-0e5f3c2f7a1{number}")),
        fault: fault.map(str::to_owned),
    };
    let heat = "https://heat.example.org:8004/v1/p1/stacks";
    vec![
        call(1, "keystone", "POST", "https://keystone.example.org:5000/v3/auth/tokens", Some(201), 212, None),
        call(2, "heat", "GET", &format!("{heat}?tags=jeroboam&limit=1000"), Some(200), 64, None),
        call(3, "heat", "GET", &format!("{heat}/ml-gpu-0000000000a4/resources"), Some(503), 5003, None),
        call(4, "heat", "GET", &format!("{heat}/ml-gpu-0000000000a4/resources"), Some(200), 120, None),
        call(5, "nova", "GET", "https://nova.example.org/v2.1/servers/gone", Some(404), 31, None),
        call(6, "glance", "GET", "https://glance.example.org/v2/images", None, 10_000, Some("Connection refused")),
        call(7, "jeroboam", "do", "create cluster work", None, 88, None),
        call(8, "jeroboam", "do", "resize cluster work", None, 3, Some("it is being created")),
    ]
}

pub fn places() -> Places {
    let project = |id: &str, name: &str| Project { id: id.into(), name: name.into(), domain: "default".into() };
    Places {
        projects: vec![project("p1", "demo"), project("p2", "web shop")],
        regions: vec!["RegionOne".into(), "RegionTwo".into()],
    }
}

fn cluster(id: u128, name: &str, status: &str, since: i64, created: i64) -> Cluster {
    Cluster {
        uuid: ClusterId(Uuid::from_u128(id)),
        name: name.into(),
        cluster_template_id: K8S,
        template_name: "k8s-1-31".into(),
        driver: "k8s_ubuntu_kubeadm".into(),
        keypair: Some("devkey".into()),
        node_count: 3,
        master_count: 1,
        docker_volume_size: None,
        flavor_id: "m1.large".into(),
        master_flavor_id: "m1.medium".into(),
        fixed_network: None,
        fixed_subnet: None,
        floating_ip_enabled: true,
        master_lb_enabled: false,
        create_timeout: 60,
        labels: Labels::default(),
        status: Status::from(status),
        status_reason: String::new(),
        stack_id: Some("5d2f".into()),
        stack_name: format!("{name}-0000000000a1"),
        api_address: None,
        coe_version: None,
        master_addresses: vec![],
        node_addresses: vec![],
        project_id: "p1".into(),
        user_id: "u1".into(),
        created_at: ago(created),
        updated_at: None,
        status_since: ago(since),
        operation: None,
        progress: None,
        node_groups: Vec::new(),
        rollout: None,
        cause: None,
        health: None,
    }
}

pub fn clusters() -> Vec<Cluster> {
    let day = 86_400;
    let mut prod = cluster(0xa1, "prod-east", "CREATE_IN_PROGRESS", 252, 252);
    prod.progress = Some(Progress { complete: 31, total: 47 });
    let mut ci = cluster(0xa2, "ci-runners", "UPDATE_IN_PROGRESS", 63, 12 * day);
    ci.node_count = 8;
    ci.progress = Some(Progress { complete: 3, total: 40 });
    ci.coe_version = Some("v1.30.2".into());
    ci.rollout = Some(Rollout {
        kind: change::Kind::Upgrade,
        about: "v1.30.2 → v1.31.4".into(),
        done: 1,
        total: 9,
        step: 2,
        steps: 10,
        step_since: Some(ago(58)),
        paused: false,
        held: false,
    });
    ci.operation = Some(Operation {
        command: "upgrade".into(),
        begun: ago(63),
        expected_end: Some(now() + TimeDelta::seconds(420)),
    });
    ci.node_groups = groups(&ci, Some("v1.30.2"));
    prod.node_groups = groups(&prod, None);
    let mut staging = cluster(0xa3, "staging", "CREATE_FAILED", 3000, 3700);
    staging.status_reason = "Resource CREATE failed: resources.workers".into();
    staging.cause = Some(RootCause {
        resource: "workers.2.server".into(),
        kind: "OS::Nova::Server".into(),
        physical_id: "0b9f7a52-6f0c-4a8a-9d0e-3f2f3f0c7c11".into(),
        reason: "Went to status ERROR due to \"Message: No valid host was found. There are not enough hosts available., Code: 500\"".into(),
    });
    let mut ml = cluster(0xa4, "ml-gpu", "CREATE_COMPLETE", 39 * day, 40 * day);
    ml.node_count = 16;
    ml.master_count = 3;
    ml.master_lb_enabled = true;
    ml.api_address = Some("https://172.24.4.17:6443".into());
    ml.coe_version = Some("v1.31.4".into());
    ml.master_addresses = vec!["172.24.4.20".into(), "172.24.4.21".into(), "172.24.4.22".into()];
    ml.node_addresses = (30..46).map(|n| format!("172.24.4.{n}")).collect();
    ml.node_groups = groups(&ml, Some("v1.31.4"));
    let mut gpu = ml.node_groups[1].clone();
    gpu.uuid = NodeGroupId::of(ML, Some(1));
    gpu.name = "gpu".into();
    gpu.role = "gpu".into();
    gpu.is_default = false;
    gpu.node_count = 2;
    (gpu.min_node_count, gpu.max_node_count) = (1, Some(4));
    ml.node_groups.push(gpu);
    ml.labels = Labels([("gpu".to_owned(), "true".to_owned())].into());
    let wide = cluster(
        0xa5,
        "日本語クラスタ-🚀-with-a-very-long-name-that-goes-on-and-on",
        "SNAPSHOT_COMPLETE",
        500 * day,
        500 * day,
    );
    vec![prod, ci, staging, ml, wide]
}

/// The two that every cluster begins with.
fn groups(cluster: &Cluster, version: Option<&str>) -> Vec<NodeGroup> {
    let group = |slot, name: &str, role: &str, count, flavor: &str| NodeGroup {
        uuid: NodeGroupId::of(cluster.uuid, slot),
        name: name.into(),
        role: role.into(),
        is_default: true,
        node_count: count,
        min_node_count: u32::from(slot.is_none()),
        max_node_count: None,
        flavor_id: flavor.into(),
        image_id: "id-ubuntu-24.04-kube-v1.31.4".into(),
        docker_volume_size: None,
        labels: Labels::default(),
        status: cluster.status.clone(),
        status_reason: String::new(),
        version: version.map(str::to_owned),
        node_addresses: Vec::new(),
    };
    vec![
        group(None, "default-master", "master", cluster.master_count, &cluster.master_flavor_id),
        group(Some(0), "default-worker", "worker", cluster.node_count, &cluster.flavor_id),
    ]
}

/// Every machine of a cluster. That of ci-runners is being upgraded: its master is done, the
/// first worker's successor is on its way.
pub fn nodes(id: ClusterId) -> Vec<Node> {
    let Some(cluster) = clusters().into_iter().find(|cluster| cluster.uuid == id) else { return Vec::new() };
    let new = cluster.status == Status::CREATE_IN_PROGRESS;
    let upgrade = cluster.rollout.is_some();
    let node = |group: &NodeGroup, slot: Option<u32>, index: u32, course, version: Option<&str>| Node {
        cluster_uuid: id,
        name: format!("{}-{}-{index}", cluster.stack_name, group.name.trim_start_matches("default-")),
        nodegroup: group.name.clone(),
        slot,
        index,
        server_id: Some(format!("server-{index}")).filter(|_| !new),
        address: Some(format!("172.24.4.{}", 20 + index)).filter(|_| !new),
        image_id: group.image_id.clone(),
        version: version.map(str::to_owned),
        ca: 1,
        course,
    };
    let mut all = Vec::new();
    for (slot, group) in cluster.node_groups.iter().zip([None, Some(0), Some(1)]).map(|(group, slot)| (slot, group)) {
        let course = match (new, upgrade && slot.is_some()) {
            (true, _) => Course::Coming,
            (false, true) => Course::ToGo,
            (false, false) => Course::Stays,
        };
        let version = if upgrade && slot.is_none() { Some("v1.31.4") } else { group.version.as_deref() };
        all.extend((0..group.node_count).map(|index| node(group, slot, index, course, version)));
        if upgrade && slot.is_some() {
            all.push(node(group, slot, group.node_count, Course::Coming, Some("v1.31.4")));
            let later = group.node_count + 1..2 * group.node_count;
            all.extend(later.map(|index| node(group, slot, index, Course::ToCome, Some("v1.31.4"))));
        }
    }
    all
}

pub fn history(id: ClusterId) -> Vec<HistoryEntry> {
    let entry = |seconds, kind, event: &str, reason: &str, duration| HistoryEntry {
        cluster_uuid: id,
        cluster_name: "ml-gpu".into(),
        at: ago(seconds),
        kind,
        event: event.into(),
        operation: "resize".into(),
        reason: reason.into(),
        user_id: Some("u1".to_owned()).filter(|_| kind == HistoryKind::Command),
        driver: "k8s_ubuntu_kubeadm".into(),
        nodes: 19,
        duration,
    };
    vec![
        entry(3000, HistoryKind::Transition, "UPDATE_COMPLETE", "", Some(312)),
        entry(3312, HistoryKind::Command, "resize", "to 16", None),
        entry(
            90_000,
            HistoryKind::Transition,
            "UPDATE_FAILED",
            "Message: No valid host was found., Code: 500",
            Some(75),
        ),
        entry(90_075, HistoryKind::Command, "resize", "to 64", None),
        entry(40 * 86_400, HistoryKind::Transition, "CREATE_COMPLETE", "", Some(1312)),
        entry(40 * 86_400 + 1312, HistoryKind::Command, "create", "masters: 3, workers: 16, template: k8s-1-31", None),
    ]
}

pub fn issued(id: ClusterId) -> Vec<IssuedCertificate> {
    let certificate = |to: &str, serial: &str, days: i64, left| IssuedCertificate {
        cluster_uuid: id,
        cluster_name: "ml-gpu".into(),
        authority: "kubernetes".into(),
        serial: serial.into(),
        subject: format!("O=system:masters, CN={to}"),
        usages: vec!["client auth".into()],
        issued_at: ago(days * 86_400),
        expires_at: now() + TimeDelta::days(left),
        issued_to: to.into(),
        issued_by: Some("u1".into()),
    };
    vec![certificate("jane", "0B", 3, 362), certificate("admin", "0A", 345, 20), certificate("old", "09", 400, -35)]
}

/// One of each origin, one that a node group has otherwise, and one that nothing reads.
pub fn bastion() -> Machine {
    Machine {
        server_id: Uuid::from_u128(0xb0).to_string(),
        name: "ml-gpu-bastion".into(),
        role: "bastion".into(),
        group: String::new(),
        index: None,
        status: "BUILD".into(),
        address: Some([10, 0, 0, 9].into()),
        floating_address: Some([203, 0, 113, 9].into()),
        keypair: Some("laptop".into()),
        os_distro: Some("ubuntu".into()),
        os_admin_user: None,
    }
}

pub fn labels() -> Vec<Effective> {
    let label = |name: &str, value: &str, origin, read, group: Option<&str>| Effective {
        name: name.into(),
        value: value.into(),
        origin,
        read: Some(read),
        node_group: group.map(str::to_owned),
    };
    vec![
        label("boot_volume_size", "20", Origin::DriverDefault, true, None),
        label("calico_ipv4pool", "10.100.0.0/16", Origin::Template, true, None),
        label("cinder_csi_enabled", "true", Origin::Cluster, true, None),
        label("influx_grafana_dashboard_enabled", "true", Origin::Template, false, None),
        label("boot_volume_size", "80", Origin::NodeGroup, true, Some("builders")),
    ]
}

fn template(id: u128, name: &str, image: &str, distro: &str, flavor: &str, fip: bool, lb: bool) -> ClusterTemplate {
    ClusterTemplate {
        uuid: TemplateId(Uuid::from_u128(id)),
        spec: NewTemplate {
            name: name.into(),
            image_id: image.into(),
            keypair_id: Some("devkey".into()),
            external_network_id: Some("public".into()),
            flavor_id: Some(flavor.into()),
            master_flavor_id: Some("m1.medium".into()),
            floating_ip_enabled: fip,
            master_lb_enabled: lb,
            network_driver: Some("flannel".into()),
            ..NewTemplate::default()
        },
        cluster_distro: distro.into(),
        project_id: "p1".into(),
        auth_url: "https://keystone.example.org".into(),
        user_id: "u1".into(),
        created_at: ago(50 * 86_400),
        updated_at: None,
    }
}

pub fn templates() -> Vec<ClusterTemplate> {
    vec![
        template(0xb1, "k8s-1-31", "ubuntu-24.04-kube-v1.31.4", "ubuntu", "m1.large", true, false),
        template(0xb2, "k8s-1-30-ha", "ubuntu-22.04-kube-v1.30.2", "ubuntu", "m1.medium", false, true),
        template(0xb3, "coreos", "fedora-coreos-38", "fedora-coreos", "m1.large", true, true),
    ]
}

fn resource(address: &str, kind: &str, status: &str, reason: &str) -> StackResource {
    let mut path: Vec<String> = address.split('.').map(str::to_owned).collect();
    let name = path.pop().unwrap();
    StackResource {
        nested: kind.ends_with(".yaml").then(|| format!("stack-{address}")),
        name,
        kind: kind.into(),
        status: Status::from(status),
        status_reason: reason.into(),
        physical_id: format!("id-of-{address}"),
        path,
        stack_id: "5d2f".into(),
        updated: Some(ago(70)),
    }
}

/// A resource of ci-runners, which is at its second step.
pub fn at_ci(address: &str, kind: &str, status: &str) -> StackResource {
    StackResource { updated: Some(ago(40)), ..resource(address, kind, status, "") }
}

pub fn resources(id: ClusterId) -> Vec<StackResource> {
    let done = "CREATE_COMPLETE";
    let moving = "CREATE_IN_PROGRESS";
    let mut all = vec![
        resource("network", "OS::Neutron::Net", done, "state changed"),
        resource("subnet", "OS::Neutron::Subnet", done, "state changed"),
        resource("router", "OS::Neutron::Router", done, "state changed"),
        resource("secgroup", "OS::Neutron::SecurityGroup", done, "state changed"),
        resource("masters", "OS::Heat::ResourceGroup", done, "state changed"),
        resource("masters.0", "file:///master.yaml", done, "state changed"),
        resource("masters.0.port", "OS::Neutron::Port", done, "state changed"),
        resource("masters.0.server", "OS::Nova::Server", done, "state changed"),
        resource("masters.0.wait", "OS::Heat::WaitCondition", done, "state changed"),
        resource("workers", "OS::Heat::ResourceGroup", moving, ""),
    ];
    for n in 0..3 {
        let last = if n == 2 { moving } else { done };
        all.push(resource(&format!("workers.{n}"), "file:///worker.yaml", moving, ""));
        all.push(resource(&format!("workers.{n}.port"), "OS::Neutron::Port", done, "state changed"));
        all.push(resource(&format!("workers.{n}.server"), "OS::Nova::Server", last, ""));
        all.push(resource(&format!("workers.{n}.wait"), "OS::Heat::WaitCondition", moving, ""));
    }
    if id == STAGING {
        for resource in all.iter_mut().filter(|resource| resource.status.is_in_progress()) {
            resource.status = Status::CREATE_FAILED;
            resource.status_reason = "CREATE aborted (Task create from ResourceGroup \"workers\" was cancelled)".into();
        }
        let server = all.iter_mut().find(|resource| resource.address() == "workers.2.server").unwrap();
        server.status_reason = "ResourceInError: resources.server: Went to status ERROR due to \"Message: No valid host was found. There are not enough hosts available., Code: 500\"".into();
    }
    if id == ML {
        all.iter_mut().for_each(|resource| resource.status = Status::CREATE_COMPLETE);
    }
    all
}

pub fn event(number: usize, address: &str, status: &str, reason: &str) -> StackEvent {
    let mut path: Vec<String> = address.split('.').map(str::to_owned).collect();
    let resource = path.pop().unwrap();
    StackEvent {
        id: format!("event-{number}"),
        time: ago(240) + TimeDelta::seconds(i64::try_from(number).unwrap() * 4),
        resource,
        path,
        status: Status::from(status),
        reason: reason.into(),
        physical_id: format!("id-of-{address}"),
    }
}

pub fn events(id: ClusterId) -> Vec<StackEvent> {
    let mut all = vec![event(0, "prod-east-0000000000a1", "CREATE_IN_PROGRESS", "Stack CREATE started")];
    for (at, resource) in resources(ML).iter().enumerate() {
        all.push(event(2 * at + 1, &resource.address(), "CREATE_IN_PROGRESS", "state changed"));
        if at < 18 {
            all.push(event(2 * at + 2, &resource.address(), "CREATE_COMPLETE", "state changed"));
        }
    }
    if id == STAGING {
        all.push(event(
            60,
            "workers.2.server",
            "CREATE_FAILED",
            "ResourceInError: resources.server: Went to status ERROR due to \"Message: No valid host was found.\"",
        ));
    }
    all
}

pub fn certificate(id: ClusterId) -> Result<Box<CaCertificate>, Problem> {
    if id == STAGING {
        return Err(Problem::not_found("the cluster \"staging\" has no CA certificate yet"));
    }
    Ok(Box::new(CaCertificate {
        cluster: id,
        authority: Authority::Kubernetes,
        pem: "-----BEGIN CERTIFICATE-----\nMIIBdjCCARugAwIBAgIUQ0N4\nc2VjcmV0bHkgbm90aGluZw==\n-----END CERTIFICATE-----\n".into(),
        subject: "CN=ml-gpu".into(),
        fingerprint: ["AB:CD:EF:01"; 8].join(":"),
        key_type: "ECDSA P-256".into(),
        not_before: ago(40 * 86_400),
        not_after: now() + TimeDelta::days(1785),
    }))
}

pub fn inventory() -> Inventory {
    let image = |name: &str, distro: Option<&str>, version: Option<&str>, status: &str| Image {
        id: format!("id-{name}"),
        name: name.into(),
        status: status.into(),
        os_distro: distro.map(str::to_owned),
        kube_version: version.map(str::to_owned),
        os_admin_user: None,
        magnum_driver: None,
        min_disk: 20,
        min_ram: 2048,
        size: Some(2 << 30),
        owner: if distro.is_some() { "admins" } else { "p1" }.into(),
        visibility: if distro.is_some() { "public" } else { "private" }.into(),
        ..Image::default()
    };
    let flavor =
        |name: &str, vcpus, ram, disk| Flavor { id: format!("id-{name}"), name: name.into(), vcpus, ram, disk };
    let network = |name: &str, external| Network {
        id: format!("id-{name}"),
        name: name.into(),
        external,
        shared: external,
        subnets: vec!["s".into()],
    };
    Inventory {
        images: vec![
            image("plain-no-distro", None, None, "active"),
            image("ubuntu-24.04-kube-v1.31.4", Some("ubuntu"), Some("v1.31.4"), "active"),
            image("ubuntu-22.04-kube-v1.30.2", Some("ubuntu"), Some("v1.30.2"), "active"),
            image("uploading", Some("ubuntu"), None, "queued"),
            image("fedora-coreos-38", Some("fedora-coreos"), None, "active"),
        ],
        flavors: vec![flavor("m1.tiny", 1, 512, 1), flavor("m1.medium", 2, 4096, 40), flavor("m1.large", 4, 8192, 80)],
        keypairs: vec![Keypair { name: "devkey".into(), fingerprint: "aa:bb:cc".into() }],
        networks: vec![network("public", true), network("private", false)],
        subnets: vec![Subnet {
            id: "s".into(),
            name: "private-subnet".into(),
            network_id: "id-private".into(),
            cidr: "10.0.0.0/24".into(),
            ip_version: 4,
        }],
        has_load_balancer: true,
        has_block_storage: true,
        sheets: vec![sheet()],
        distros: vec!["ubuntu".into()],
    }
}

fn sheet() -> Sheet {
    let reads = [("boot_volume_size", "0"), ("flannel_backend", "vxlan"), ("flannel_network_cidr", "10.100.0.0/16")];
    Sheet {
        driver: "k8s_ubuntu_kubeadm".into(),
        os_distro: vec!["ubuntu".into()],
        reads: reads.map(|(name, default)| (name.to_owned(), default.to_owned())).into(),
        end_of_life: None,
    }
}

/// What the project has beside clusters.
pub fn told(task: &Task) -> Told {
    match task {
        Task::Limits => Told::Limits(limits(), Vec::new()),
        Task::Orphans => Told::Orphans(Ok((orphans(), Vec::new()))),
        Task::Events => Told::Events(vec![(PROD, events(PROD)), (STAGING, staging_events())], Vec::new()),
        Task::SetImage(id, properties) => {
            let image = inventory().images.into_iter().find(|image| image.id == *id).unwrap();
            Told::Image(Ok((Box::new(Image { os_distro: properties.os_distro.clone(), ..image }), false)))
        }
        Task::ImportImage(wish) => {
            Told::Image(Ok((Box::new(Image { name: wish.name.clone(), ..Image::default() }), true)))
        }
        Task::SetQuota(limit) => Told::Quota(Ok(*limit)),
        Task::RemoveOrphans(all) => Told::Removed(all.iter().map(|orphan| (orphan.clone(), Ok(None))).collect()),
    }
}

/// Ids are unique in a cloud.
fn staging_events() -> Vec<StackEvent> {
    let other = |event: StackEvent| StackEvent { id: format!("staging-{}", event.id), ..event };
    events(STAGING).into_iter().map(other).collect()
}

fn limits() -> Vec<ServiceQuota> {
    let quota = |item, limit, used| ServiceQuota { item, limit, used };
    vec![
        quota(Item::Clusters, Some(20), 5),
        quota(Item::Instances, Some(60), 58),
        quota(Item::Cores, Some(200), 150),
        quota(Item::Ram, Some(512_000), 300_000),
        quota(Item::ServerGroupMembers, Some(10), 0),
        quota(Item::Networks, Some(5), 5),
        quota(Item::Ports, None, 130),
        quota(Item::FloatingIps, Some(50), 21),
        quota(Item::GigabytesOf("日本語".into()), Some(0), 0),
        quota(Item::LoadBalancers, Some(10), 1),
    ]
}

pub fn orphans() -> Vec<Orphan> {
    let orphan = |sort, name: &str, status: &str, doubt| Orphan {
        thing: Thing {
            sort,
            id: format!("id-of-{name}"),
            name: name.into(),
            description: String::new(),
            status: status.into(),
            metadata: std::collections::BTreeMap::new(),
            tags: Vec::new(),
            holder: None,
            owner: String::new(),
            network: None,
            created: Some(ago(9 * 86_400)),
        },
        cluster: ClusterId(Uuid::from_u128(0xdead)),
        doubt,
    };
    vec![
        orphan(ThingSort::LoadBalancer, "kube_service_shop_web", "ACTIVE", None),
        orphan(ThingSort::FloatingIp, "172.24.4.99", "DOWN", None),
        orphan(ThingSort::Volume, "pvc-0b9f7a52", "available", Some(Doubt::Stranger)),
    ]
}

/// Everything that a review can show.
pub fn preview(wish: &NewCluster) -> Preview {
    let quota = |item, limit, used, needed| QuotaUse { item, limit, used, needed };
    let counted = |kind: &str, count| Counted { kind: kind.into(), count };
    let levels = [(Origin::Template, &Labels::default()), (Origin::Cluster, &wish.labels)];
    Preview {
        wish: wish.clone(),
        driver: Some("k8s_ubuntu_kubeadm".into()),
        checks: vec![
            Check::warning("labels", "label gpu_count is not known, and nothing reads it").advise("Is gpus meant?"),
            Check::advice(
                "floating_ip_enabled",
                "every node gets a floating IP: 4 of them, each reachable from outside",
            )
            .advise("Turn floating IPs off; nodes are reached through a bastion"),
        ],
        resources: vec![counted("OS::Neutron::Port", 4), counted("OS::Nova::Server", 4)],
        quotas: vec![
            quota(Item::Instances, Some(10), 3, 4),
            quota(Item::Cores, Some(20), 12, 8),
            quota(Item::Ports, None, 17, 5),
        ],
        labels: origin::effective(Some(&sheet()), &levels),
        plan: Some(PlanSheet {
            stack_name: "work-0000000000af".into(),
            timeout_mins: 60,
            wait_condition_timeout: Some(3240),
            tags: vec!["jeroboam".into()],
            parameters: (0..40)
                .map(|n| (format!("parameter_{n:02}"), n.into()))
                .chain([("ca_key".to_owned(), "[secret]".into())])
                .collect(),
            template: "heat_template_version: 2018-08-31\n".into(),
            environment_files: vec!["env.yaml".into()],
            files: [("env.yaml".to_owned(), "resource_registry: {}\n".to_owned())].into(),
        }),
    }
}

/// A console with colours taken out, as the cloud's adapter gives it.
pub fn read(source: &Source) -> Found {
    match source {
        Source::Console { .. } => {
            let step = |n: usize| {
                format!("[{:>5}.{:06}] cloud-init[{}]: step {n} of the boot", n / 3, n * 7919 % 1_000_000, 600 + n)
            };
            let mut lines: Vec<String> = (0..60).map(step).collect();
            let long = "kubeadm join failed: couldn't validate the identity of the API Server: Get \"https://10.0.0.5:6443/api/v1/namespaces/kube-public/configmaps/cluster-info?timeout=10s\": dial tcp 10.0.0.5:6443: connect: connection refused";
            lines[47] = long.into();
            Found::Console(Some(lines.join("\n")))
        }
        Source::Server { server, .. } => Found::Server(Some(Box::new(ServerSheet {
            id: server.clone(),
            name: "ml-gpu-0000000000a1-master-1".into(),
            status: "ERROR".into(),
            flavor: "m1.medium".into(),
            image: Some("ubuntu-24.04-kube-v1.31.4".into()),
            availability_zone: Some("nova".into()),
            created: Some(ago(4000)),
            fault: Some(ServerFault {
                message: "No valid host was found. There are not enough hosts available.".into(),
                details: "Traceback (most recent call last):\n  File \"conductor/manager.py\", line 705".into(),
                at: Some(ago(3990)),
            }),
            addresses: vec![ServerAddress {
                network: "private".into(),
                address: [10, 0, 0, 5].into(),
                is_floating: false,
                mac: "fa:16:3e:11:22:33".into(),
            }],
            security_groups: vec!["ml-gpu-nodes".into(), "ml-gpu-nodes".into()],
            ..ServerSheet::default()
        }))),
        Source::Authorities(id) => Found::Authorities(vec![
            (Authority::Kubernetes, certificate(*id).map(|ca| *ca)),
            (Authority::Etcd, Err(Problem::local("its secret etcd_ca_cert is missing from the store"))),
        ]),
        Source::Stack(_) => Found::Stack(Some(Box::new(StackSheet {
            name: "ml-gpu-0000000000a1".into(),
            id: "5d2f".into(),
            description: "A Kubernetes cluster".into(),
            timeout_mins: Some(60),
            parameters: [
                ("flavor", serde_json::json!("m1.large")),
                ("master_secrets", serde_json::json!("[secret]")),
                ("script", serde_json::json!("#!/bin/sh\necho\tready\n")),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            outputs: [(
                "api_address".to_owned(),
                StackOutput { description: "Where its API is".into(), value: "https://172.24.4.17:6443".into() },
            )]
            .into(),
        }))),
    }
}

/// What Heat tells of the present step of ci-runners: its first master is new and ready, a worker boots.
pub fn upgrade_of_ci() -> Vec<Change> {
    let kinds = [("port", "OS::Neutron::Port"), ("server", "OS::Nova::Server"), ("ready", "OS::Heat::WaitCondition")];
    let mut resources = Vec::new();
    let mut events = Vec::new();
    for (place, at, ready) in [("masters.0", 46, true), ("workers.0.nodes.8", 51, false)] {
        for (step, (name, kind)) in (0..).zip(kinds) {
            let done = name != "ready" || ready;
            let address = format!("{place}.{name}");
            resources.push(at_ci(&address, kind, if done { "CREATE_COMPLETE" } else { "CREATE_IN_PROGRESS" }));
            events.push(event(at + step, &address, "CREATE_IN_PROGRESS", "state changed"));
            if done {
                let end = if name == "ready" { at + 6 } else { at + step + 1 };
                events.push(StackEvent { id: format!("end-{address}"), ..event(end, &address, "CREATE_COMPLETE", "") });
            }
        }
        let words = "Signal: status:SUCCESS reason:ci-runners-0000000000a1-master-0: images pulled";
        events.push(StackEvent {
            id: format!("said-{place}"),
            ..event(at + 4, &format!("{place}.progress"), "SIGNAL_COMPLETE", words)
        });
    }
    events.push(event(45, "masters", "UPDATE_IN_PROGRESS", "state changed"));
    events.push(event(54, "masters", "UPDATE_COMPLETE", "state changed"));
    events.sort_by_key(|event| event.time);
    vec![Change::Resources { id: CI, resources }, Change::Events { id: CI, events }]
}

pub fn request() -> CertificateRequest {
    CertificateRequest {
        pem: "-----BEGIN CERTIFICATE REQUEST-----\nMIH\n-----END CERTIFICATE REQUEST-----\n".into(),
        subject: "O=system:masters, CN=jane".into(),
        key_type: "ECDSA P-256".into(),
        names: vec!["DNS jane.example.org".into()],
        usages: vec!["client auth".into()],
        is_authority: false,
    }
}
