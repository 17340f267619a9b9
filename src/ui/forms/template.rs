//! The form of a new cluster template.

use super::command::{Command, Wording};
use super::field::{Field, Kind, Values};
use super::form::{Form, Subject};
use super::offers::{self, Offer};
use crate::model::labels::catalogue::Sheet;
use crate::model::validate::{template_fits, template_shape};
use crate::model::{Check, NewTemplate, Problem, checks};
use crate::ui::effect::Job;
use crate::ui::layer::{Ask, Cx};
use crate::ui::msg::Reply;

pub struct Template;

pub fn form(cx: &Cx) -> Form<Template> {
    let on_off = [("on", "on"), ("off", "off")];
    let fields = vec![
        Field::text("name", "Name", "How the template is called in lists and commands.", ""),
        Field::pick(
            "image_id",
            "Image",
            "What the nodes boot. It needs the property os_distro, by which the driver is chosen; kube_version tells which Kubernetes is inside.",
        ),
        Field::pick(
            "external_network_id",
            "External network",
            "Where routers get their gateway and floating IPs come from.",
        ),
        Field::pick(
            "master_flavor_id",
            "Master flavor",
            "Size of the control plane's servers. kubeadm wants 2 vCPU and 2 GB at least.",
        ),
        Field::pick("flavor_id", "Worker flavor", "Size of the workers' servers."),
        Field::pick("keypair_id", "Keypair", "The SSH key put on every node; without one nobody can log in."),
        Field::switch(
            "floating_ip_enabled",
            "Floating IPs",
            "Whether nodes get addresses that are reachable from outside. Off: only from within the network or through a bastion.",
            &on_off,
            0,
        ),
        Field::switch(
            "master_lb_enabled",
            "Master LB",
            "Whether an Octavia load balancer stands before the API servers. Needed for more than one master.",
            &on_off,
            1,
        ),
        Field::switch(
            "network_driver",
            "Pod network",
            "What connects the pods. As the driver sees fit, if you do not choose.",
            &[("", "driver's choice"), ("flannel", "flannel"), ("calico", "calico"), ("cilium", "cilium")],
            0,
        ),
        Field::text(
            "dns_nameserver",
            "DNS nameserver",
            "IPv4 addresses, separated by commas, that nodes resolve names with.",
            "8.8.8.8",
        ),
        Field::number(
            "docker_volume_size",
            "Container volume",
            "GB of a Cinder volume for images and containers on each node. Empty: none, the flavor's disk is used.",
            "",
        ),
        Field::pick(
            "fixed_network",
            "Network",
            "An existing network to put the nodes on. None: each cluster gets its own.",
        ),
        Field::pick("fixed_subnet", "Subnet", "A subnet of that network."),
        Field::labels("labels", "Labels", "Settings the driver reads, one key=value a line."),
    ];
    Form::new(Template, fields, cx)
}

fn wish(values: &Values) -> NewTemplate {
    let plain = NewTemplate::default();
    NewTemplate {
        name: values.text("name").unwrap_or_default(),
        image_id: values.text("image_id").unwrap_or_default(),
        external_network_id: values.text("external_network_id"),
        master_flavor_id: values.text("master_flavor_id"),
        flavor_id: values.text("flavor_id"),
        keypair_id: values.text("keypair_id"),
        floating_ip_enabled: values.on("floating_ip_enabled").unwrap_or(plain.floating_ip_enabled),
        master_lb_enabled: values.on("master_lb_enabled").unwrap_or(plain.master_lb_enabled),
        network_driver: values.text("network_driver"),
        dns_nameserver: values.text("dns_nameserver"),
        docker_volume_size: values.number("docker_volume_size"),
        fixed_network: values.text("fixed_network"),
        fixed_subnet: values.text("fixed_subnet"),
        labels: values.labels("labels"),
        ..plain
    }
}

impl Subject for Template {
    fn title(&self) -> &'static str {
        "New cluster template"
    }

    fn offers(&self, id: &str, values: &Values, cx: &Cx) -> Vec<Offer> {
        let Some(cloud) = &cx.fleet.inventory else { return Vec::new() };
        match id {
            "image_id" => offers::images(cloud),
            "external_network_id" => offers::networks(cloud, true),
            "master_flavor_id" | "flavor_id" => offers::flavors(cloud, values.text("image_id").as_deref()),
            "keypair_id" => offers::keypairs(cloud),
            "fixed_network" => offers::networks(cloud, false),
            "fixed_subnet" => offers::subnets(cloud, values.text("fixed_network").as_deref()),
            _ => Vec::new(),
        }
    }

    fn none(&self, id: &str, _: &Values, _: &Cx) -> Option<String> {
        match id {
            "keypair_id" => Some("none: nobody can log in to the nodes".into()),
            "master_flavor_id" => Some("as large as the workers".into()),
            "flavor_id" => Some("none: each cluster names its own".into()),
            "fixed_network" => Some("a new one for each cluster".into()),
            "fixed_subnet" => Some("a new one, or the network's first".into()),
            "docker_volume_size" => Some("none".into()),
            _ => None,
        }
    }

    fn defaults(&self, fields: &mut [Field], cx: &Cx) {
        let Some(cloud) = &cx.fleet.inventory else { return };
        let image = Values(fields).text("image_id").or_else(|| offers::first(&offers::images(cloud)));
        for field in fields.iter_mut().filter(|field| !field.touched) {
            let Kind::Pick(chosen @ None) = &mut field.kind else { continue };
            *chosen = match field.id {
                "image_id" => image.clone(),
                "external_network_id" => offers::only(&offers::networks(cloud, true)),
                "master_flavor_id" | "flavor_id" => offers::default_flavor(cloud, image.as_deref()),
                "keypair_id" => offers::only(&offers::keypairs(cloud)),
                _ => None,
            };
        }
    }

    fn check(&self, values: &Values, cx: &Cx) -> Vec<Problem> {
        let wish = wish(values);
        let mut found = template_shape(&wish);
        // Lists that could not be loaded would make everything look missing.
        if let (Some(cloud), true) = (&cx.fleet.inventory, cx.fleet.inventory_problems.is_empty()) {
            let told: Vec<Option<String>> = found.iter().map(|problem| problem.field.clone()).collect();
            found.extend(template_fits(&wish, cloud).into_iter().filter(|problem| !told.contains(&problem.field)));
        }
        found
    }

    fn command(&self, values: &Values, wording: Wording) -> Vec<String> {
        let wish = wish(values);
        let mut command = Command::new(
            wording,
            if wording == Wording::Jeroboam { "template create" } else { "cluster template create" },
            &wish.name,
        );
        command.value("--coe", Some(&wish.coe));
        command.value("--image", Some(if wish.image_id.is_empty() { "IMAGE" } else { &wish.image_id }));
        command.value("--external-network", Some(wish.external_network_id.as_deref().unwrap_or("NETWORK")));
        command.value("--keypair", wish.keypair_id.as_deref());
        command.value("--flavor", wish.flavor_id.as_deref());
        command.value("--master-flavor", wish.master_flavor_id.as_deref());
        command.value("--network-driver", wish.network_driver.as_deref());
        command.value("--dns-nameserver", wish.dns_nameserver.as_deref());
        command.value("--docker-volume-size", wish.docker_volume_size.map(|gb| gb.to_string()).as_deref());
        command.value("--fixed-network", wish.fixed_network.as_deref());
        command.value("--fixed-subnet", wish.fixed_subnet.as_deref());
        command.flag("--floating-ip-disabled", !wish.floating_ip_enabled);
        command.flag("--master-lb-enabled", wish.master_lb_enabled);
        command.value("--labels", Some(&wish.labels.to_string()));
        command.parts()
    }

    fn remarks(&self, values: &Values, cx: &Cx) -> Vec<Check> {
        cx.fleet.inventory.as_ref().map_or_else(Vec::new, |cloud| checks::template(&wish(values), cloud))
    }

    fn sheet<'a>(&self, values: &Values, cx: &Cx<'a>) -> Option<&'a Sheet> {
        cx.fleet.inventory.as_ref()?.sheet(&wish(values))
    }

    fn job(&self, values: &Values, _: &Cx) -> Job {
        Job::CreateTemplate(Box::new(wish(values)))
    }

    fn answer(&self, reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>> {
        match reply {
            Reply::TemplateCreated(Ok(_)) => Some(Ok(vec![Ask::Close])),
            Reply::TemplateCreated(Err(problems)) => Some(Err(problems.clone())),
            _ => None,
        }
    }
}
