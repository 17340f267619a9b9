//! The form of a cluster template: a new one, or one that is there.

use super::command::{Command, Wording};
use super::field::{Field, Kind, Values};
use super::form::{Form, Subject};
use super::labels::LabelEditor;
use super::offers::{self, Offer};
use crate::model::labels::catalogue::Sheet;
use crate::model::patch::{self, HARMLESS, PatchOp};
use crate::model::validate::{template_fits, template_shape};
use crate::model::{Check, ClusterTemplate, NewTemplate, Patch, Problem, TemplateId, checks};
use crate::ui::effect::Job;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::widgets::input::Input;

pub struct Template {
    /// The one that is changed.
    of: Option<Box<ClusterTemplate>>,
}

const ON_OFF: [(&str, &str); 2] = [("on", "on"), ("off", "off")];

pub fn form(cx: &Cx) -> Form<Template> {
    Form::new(Template { of: None }, fields(), cx)
}

/// `None`: it is gone.
pub fn edit(id: TemplateId, cx: &Cx) -> Option<Box<dyn Layer>> {
    let template = cx.fleet.templates.get(&id)?;
    let mut fields = fields();
    fields.extend([
        Field::switch("public", "Public", "Whether the projects of this cloud and region may all use it.", &ON_OFF, 1),
        Field::switch(
            "hidden",
            "Hidden",
            "Whether lists leave it out; who knows its uuid can use it all the same.",
            &ON_OFF,
            1,
        ),
        Field::text("tags", "Tags", "Words for people, separated by commas.", ""),
    ]);
    fields.iter_mut().for_each(|field| fill(field, &template.spec));
    Some(Box::new(Form::new(Template { of: Some(Box::new(template.clone())) }, fields, cx)))
}

/// Gives a field the template's value.
fn fill(field: &mut Field, spec: &NewTemplate) {
    let on = |on: bool| Some(if on { "on" } else { "off" }.to_owned());
    let value = match field.id {
        "name" => Some(spec.name.clone()),
        "image_id" => Some(spec.image_id.clone()),
        "external_network_id" => spec.external_network_id.clone(),
        "master_flavor_id" => spec.master_flavor_id.clone(),
        "flavor_id" => spec.flavor_id.clone(),
        "keypair_id" => spec.keypair_id.clone(),
        "floating_ip_enabled" => on(spec.floating_ip_enabled),
        "master_lb_enabled" => on(spec.master_lb_enabled),
        "network_driver" => spec.network_driver.clone(),
        "dns_nameserver" => spec.dns_nameserver.clone(),
        "docker_volume_size" => spec.docker_volume_size.map(|gb| gb.to_string()),
        "fixed_network" => spec.fixed_network.clone(),
        "fixed_subnet" => spec.fixed_subnet.clone(),
        "public" => on(spec.public),
        "hidden" => on(spec.hidden),
        "tags" => spec.tags.clone(),
        _ => None,
    };
    let text = value.as_deref().unwrap_or_default();
    match &mut field.kind {
        Kind::Text(input) | Kind::Number(input) => *input = Input::new(text),
        Kind::Pick(chosen) => chosen.clone_from(&value),
        Kind::Switch(switch) => {
            switch.at = switch.options.iter().position(|(option, _)| *option == text).unwrap_or(switch.at);
        }
        Kind::Labels(editor) => *editor = LabelEditor::new(&spec.labels),
        Kind::Marks(_) => {}
    }
    // What is there is nobody's default.
    field.touched = true;
}

fn fields() -> Vec<Field> {
    vec![
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
            &ON_OFF,
            0,
        ),
        Field::switch(
            "master_lb_enabled",
            "Master LB",
            "Whether an Octavia load balancer stands before the API servers. Needed for more than one master.",
            &ON_OFF,
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
    ]
}

/// What the fields ask for; what there is no field for is as in `plain`.
fn wish(values: &Values, plain: NewTemplate) -> NewTemplate {
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
        public: values.on("public").unwrap_or(plain.public),
        hidden: values.on("hidden").unwrap_or(plain.hidden),
        tags: values.text("tags"),
        ..plain
    }
}

impl Template {
    fn wish(&self, values: &Values) -> NewTemplate {
        wish(values, self.of.as_ref().map_or_else(NewTemplate::default, |of| of.spec.clone()))
    }

    fn patches(&self, values: &Values) -> Vec<Patch> {
        self.of.as_ref().map_or_else(Vec::new, |of| patch::between(&of.spec, &self.wish(values)))
    }

    /// What cannot be changed while clusters of ours refer to it; others' are the manager's to know.
    fn held(&self, values: &Values, cx: &Cx) -> Vec<Problem> {
        let Some(of) = &self.of else { return Vec::new() };
        let users = cx.fleet.clusters.values().filter(|cluster| cluster.cluster_template_id == of.uuid);
        let names: Vec<&str> = users.map(|cluster| cluster.name.as_str()).take(3).collect();
        let mut fields: Vec<String> = self
            .patches(values)
            .iter()
            .map(|patch| patch.target().0.to_owned())
            .filter(|f| !names.is_empty() && !HARMLESS.contains(&f.as_str()))
            .collect();
        fields.dedup();
        let told = |field: String| {
            Problem::conflict(format!("it is used by {}: that cannot change now", names.join(", ")))
                .on_field(&field)
                .advise(format!("Only {} can be changed while it is; or make another template", HARMLESS.join(", ")))
        };
        fields.into_iter().map(told).collect()
    }
}

impl Subject for Template {
    fn title(&self) -> &'static str {
        if self.of.is_some() { "Change cluster template" } else { "New cluster template" }
    }

    fn named(&self) -> Option<&str> {
        self.of.as_ref().map(|of| of.spec.name.as_str())
    }

    fn button(&self) -> &'static str {
        if self.of.is_some() { "  Change  " } else { "  Create  " }
    }

    fn doing(&self) -> &'static str {
        if self.of.is_some() { "changing…" } else { "creating…" }
    }

    fn ending(&self) -> &'static str {
        if self.of.is_some() {
            "Changes the template; clusters that are there keep what they were made from."
        } else {
            "Checks everything once more and creates it."
        }
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
        let wish = self.wish(values);
        let mut found = self.held(values, cx);
        found.extend(template_shape(&wish));
        // Lists that could not be loaded would make everything look missing.
        if let (Some(cloud), true) = (&cx.fleet.inventory, cx.fleet.inventory_problems.is_empty()) {
            let told: Vec<Option<String>> = found.iter().map(|problem| problem.field.clone()).collect();
            found.extend(template_fits(&wish, cloud).into_iter().filter(|problem| !told.contains(&problem.field)));
        }
        found
    }

    fn command(&self, values: &Values, wording: Wording) -> Vec<String> {
        if let Some(of) = &self.of {
            return change_command(&of.spec.name, &self.patches(values), wording);
        }
        let wish = self.wish(values);
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
        cx.fleet.inventory.as_ref().map_or_else(Vec::new, |cloud| checks::template(&self.wish(values), cloud))
    }

    fn sheet<'a>(&self, values: &Values, cx: &Cx<'a>) -> Option<&'a Sheet> {
        cx.fleet.inventory.as_ref()?.sheet(&self.wish(values))
    }

    fn job(&self, values: &Values, _: &Cx) -> Job {
        match &self.of {
            Some(of) => Job::UpdateTemplate(of.uuid, self.patches(values)),
            None => Job::CreateTemplate(Box::new(self.wish(values))),
        }
    }

    fn answer(&self, reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>> {
        match (reply, &self.of) {
            (Reply::TemplateUpdated(id, answer), Some(of)) if *id == of.uuid => {
                Some(answer.as_ref().map(|_| vec![Ask::Close]).map_err(Clone::clone))
            }
            (Reply::TemplateCreated(Ok(_)), None) => Some(Ok(vec![Ask::Close])),
            (Reply::TemplateCreated(Err(problems)), None) => Some(Err(problems.clone())),
            _ => None,
        }
    }
}

/// One command for what is set anew and one for what goes: each does one sort of change.
fn change_command(name: &str, patches: &[Patch], wording: Wording) -> Vec<String> {
    let verb = if wording == Wording::Jeroboam { "template update" } else { "cluster template update" };
    let mut parts: Vec<String> = Vec::new();
    for (op, word) in [(PatchOp::Add, "add"), (PatchOp::Replace, "replace"), (PatchOp::Remove, "remove")] {
        let meant: Vec<&Patch> = patches.iter().filter(|patch| patch.op == op).collect();
        if meant.is_empty() {
            continue;
        }
        let mut command = Command::new(wording, verb, name);
        command.word(word, "");
        for patch in meant {
            let value = patch.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
            command.word(&format!("{}{value}", patch.path), "");
        }
        if !parts.is_empty() {
            parts.push("&&".into());
        }
        parts.extend(command.parts());
    }
    if parts.is_empty() { vec!["(nothing is changed yet)".into()] } else { parts }
}
