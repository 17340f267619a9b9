//! The form of a new cluster. What is left open comes from its template.

use super::command::{Command, Wording};
use super::field::{Field, Kind, Values};
use super::form::{Form, Subject};
use super::offers::{self, Offer};
use crate::model::labels::catalogue::Sheet;
use crate::model::validate::{cluster_fits, cluster_shape};
use crate::model::{ClusterTemplate, NewCluster, Problem, TemplateId};
use crate::ui::effect::Job;
use crate::ui::layer::{Ask, Cx, Route};
use crate::ui::msg::Reply;

pub struct NewOne {
    /// The template it was opened from.
    from: Option<TemplateId>,
}

pub fn form(from: Option<TemplateId>, cx: &Cx) -> Form<NewOne> {
    let inherit = [("", "as the template"), ("on", "on"), ("off", "off")];
    let fields = vec![
        Field::text(
            "name",
            "Name",
            "Begins with a letter; letters, digits, \"-\", \"_\" and \".\"; at most 64. It is the common name of the cluster's CA.",
            "",
        ),
        Field::pick("cluster_template_id", "Template", "What the cluster is made after."),
        Field::number(
            "master_count",
            "Masters",
            "Servers of the control plane: 1, 3, 5 or 7. More than one needs the load balancer.",
            "1",
        ),
        Field::number("node_count", "Workers", "Servers that run the work.", "1"),
        Field::pick("master_flavor_id", "Master flavor", "Size of the control plane's servers."),
        Field::pick("flavor_id", "Worker flavor", "Size of the workers' servers."),
        Field::pick("keypair", "Keypair", "The SSH key put on every node."),
        Field::switch(
            "floating_ip_enabled",
            "Floating IPs",
            "Whether nodes get addresses that are reachable from outside.",
            &inherit,
            0,
        ),
        Field::switch(
            "master_lb_enabled",
            "Master LB",
            "Whether an Octavia load balancer stands before the API servers.",
            &inherit,
            0,
        ),
        Field::number(
            "create_timeout",
            "Time-out",
            "Minutes until a create that is not complete counts as failed.",
            "60",
        ),
        Field::number(
            "docker_volume_size",
            "Container volume",
            "GB of a Cinder volume for images and containers on each node. Empty: as the template says.",
            "",
        ),
        Field::labels("labels", "Labels", "Settings the driver reads, one key=value a line. Empty: the template's."),
        Field::switch(
            "merge_labels",
            "Merge labels",
            "Whether these labels are laid over the template's or take their place.",
            &[("on", "over the template's"), ("off", "instead of them")],
            0,
        ),
    ];
    Form::new(NewOne { from }, fields, cx)
}

fn template<'a>(values: &Values, cx: &Cx<'a>) -> Option<&'a ClusterTemplate> {
    let wanted = values.text("cluster_template_id")?;
    let all = cx.fleet.templates_by_name();
    all.into_iter().find(|template| template.spec.name == wanted || template.uuid.to_string() == wanted)
}

fn wish(values: &Values) -> NewCluster {
    let plain = NewCluster::default();
    let labels = values.labels("labels");
    NewCluster {
        name: values.text("name").unwrap_or_default(),
        cluster_template_id: values.text("cluster_template_id").unwrap_or_default(),
        master_count: values.number("master_count").unwrap_or(plain.master_count),
        node_count: values.number("node_count").unwrap_or(plain.node_count),
        master_flavor_id: values.text("master_flavor_id"),
        flavor_id: values.text("flavor_id"),
        keypair: values.text("keypair"),
        floating_ip_enabled: values.on("floating_ip_enabled"),
        master_lb_enabled: values.on("master_lb_enabled"),
        create_timeout: values.number("create_timeout").unwrap_or(plain.create_timeout),
        docker_volume_size: values.number("docker_volume_size"),
        // Magnum replaces the template's labels unless told to merge; no labels must not erase them.
        merge_labels: labels.is_empty() || values.on("merge_labels").unwrap_or(true),
        labels,
        ..plain
    }
}

impl Subject for NewOne {
    fn title(&self) -> &'static str {
        "New cluster"
    }

    fn offers(&self, id: &str, values: &Values, cx: &Cx) -> Vec<Offer> {
        if id == "cluster_template_id" {
            return offers::templates(&cx.fleet.templates_by_name(), cx.fleet);
        }
        let Some(cloud) = &cx.fleet.inventory else { return Vec::new() };
        match id {
            "master_flavor_id" | "flavor_id" => {
                offers::flavors(cloud, template(values, cx).map(|t| t.spec.image_id.as_str()))
            }
            "keypair" => offers::keypairs(cloud),
            _ => Vec::new(),
        }
    }

    fn none(&self, id: &str, values: &Values, cx: &Cx) -> Option<String> {
        let spec = template(values, cx).map(|template| &template.spec);
        let from = |value: Option<String>| match (spec, value) {
            (None, _) => Some("as the template".to_owned()),
            (Some(_), Some(value)) => Some(format!("as the template: {value}")),
            (Some(_), None) => None,
        };
        match id {
            "master_flavor_id" => from(spec.and_then(|spec| spec.master_flavor_id.clone())),
            "flavor_id" => from(spec.and_then(|spec| spec.flavor_id.clone())),
            "keypair" => from(spec.and_then(|spec| spec.keypair_id.clone()))
                .or_else(|| Some("none: nobody can log in to the nodes".into())),
            "docker_volume_size" => from(spec.and_then(|spec| spec.docker_volume_size).map(|gb| format!("{gb} GB")))
                .or_else(|| Some("none".into())),
            "master_count" | "node_count" => Some("1".into()),
            "create_timeout" => Some("60".into()),
            _ => None,
        }
    }

    fn defaults(&self, fields: &mut [Field], cx: &Cx) {
        let chosen = Values(fields).text("cluster_template_id");
        let all = cx.fleet.templates_by_name();
        let offers = offers::templates(&all, cx.fleet);
        let from =
            self.from.and_then(|id| all.iter().position(|template| template.uuid == id)).and_then(|at| offers.get(at));
        let newest = all
            .iter()
            .enumerate()
            .max_by_key(|(_, template)| (cx.fleet.is_ours(template), template.created_at))
            .and_then(|(at, _)| offers.get(at));
        let wanted = chosen
            .or_else(|| from.map(|offer| offer.value.clone()))
            .or_else(|| newest.map(|offer| offer.value.clone()));
        let spec = wanted
            .as_ref()
            .and_then(|wanted| all.iter().zip(&offers).find(|(_, offer)| offer.value == *wanted))
            .map(|(t, _)| &t.spec);
        for field in fields.iter_mut() {
            match &mut field.kind {
                Kind::Pick(chosen @ None) if !field.touched => {
                    *chosen = match (field.id, &cx.fleet.inventory, spec) {
                        ("cluster_template_id", ..) => wanted.clone(),
                        // Only what the template leaves open needs a choice of ours.
                        ("flavor_id", Some(cloud), Some(spec)) if spec.flavor_id.is_none() => {
                            offers::default_flavor(cloud, Some(&spec.image_id))
                        }
                        ("master_flavor_id", Some(cloud), Some(spec)) if spec.master_flavor_id.is_none() => {
                            offers::default_flavor(cloud, Some(&spec.image_id))
                        }
                        ("keypair", Some(cloud), Some(spec)) if spec.keypair_id.is_none() => {
                            offers::only(&offers::keypairs(cloud))
                        }
                        _ => None,
                    };
                }
                Kind::Switch(switch) => {
                    let own = match field.id {
                        "floating_ip_enabled" => spec.map(|spec| spec.floating_ip_enabled),
                        "master_lb_enabled" => spec.map(|spec| spec.master_lb_enabled),
                        _ => None,
                    };
                    if let (Some(own), Some((_, word))) = (own, switch.options.first_mut()) {
                        *word = format!("as the template: {}", if own { "on" } else { "off" });
                    }
                }
                _ => {}
            }
        }
    }

    fn check(&self, values: &Values, cx: &Cx) -> Vec<Problem> {
        let wish = wish(values);
        let template = template(values, cx);
        let lb = wish.master_lb_enabled.or(template.map(|template| template.spec.master_lb_enabled)).unwrap_or(false);
        let mut found = cluster_shape(&wish, lb);
        let known = cx.fleet.inventory_problems.is_empty();
        if let (Some(template), Some(cloud), true) = (template, &cx.fleet.inventory, known) {
            let told: Vec<Option<String>> = found.iter().map(|problem| problem.field.clone()).collect();
            found.extend(
                cluster_fits(&wish, &template.spec, cloud).into_iter().filter(|problem| !told.contains(&problem.field)),
            );
        }
        found
    }

    fn command(&self, values: &Values, wording: Wording) -> Vec<String> {
        let wish = wish(values);
        let mut command = Command::new(wording, "cluster create", &wish.name);
        let number = |n: u32| n.to_string();
        command.value(
            "--cluster-template",
            Some(if wish.cluster_template_id.is_empty() { "TEMPLATE" } else { &wish.cluster_template_id }),
        );
        command.value("--master-count", Some(&number(wish.master_count)));
        command.value("--node-count", Some(&number(wish.node_count)));
        command.value("--keypair", wish.keypair.as_deref());
        command.value("--master-flavor", wish.master_flavor_id.as_deref());
        command.value("--flavor", wish.flavor_id.as_deref());
        command.value("--timeout", Some(number(wish.create_timeout)).filter(|_| wish.create_timeout != 60).as_deref());
        command.value("--docker-volume-size", wish.docker_volume_size.map(number).as_deref());
        command.flag("--floating-ip-enabled", wish.floating_ip_enabled == Some(true));
        command.flag("--floating-ip-disabled", wish.floating_ip_enabled == Some(false));
        command.flag("--master-lb-enabled", wish.master_lb_enabled == Some(true));
        command.flag("--master-lb-disabled", wish.master_lb_enabled == Some(false));
        command.value("--labels", Some(&wish.labels.to_string()));
        command.flag("--merge-labels", wish.merge_labels && !wish.labels.is_empty());
        command.parts()
    }

    fn button(&self) -> &'static str {
        "  Review  "
    }

    fn ending(&self) -> &'static str {
        "Shows checks, quotas and the plan; nothing is created yet."
    }

    fn review(&self, values: &Values) -> Option<Route> {
        let command = self.command(values, Wording::OpenStack);
        Some(Route::Review { wish: Box::new(wish(values)), command })
    }

    fn sheet<'a>(&self, values: &Values, cx: &Cx<'a>) -> Option<&'a Sheet> {
        cx.fleet.inventory.as_ref()?.sheet(&template(values, cx)?.spec)
    }

    fn job(&self, values: &Values, _: &Cx) -> Job {
        Job::CreateCluster(Box::new(wish(values)))
    }

    fn answer(&self, reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>> {
        match reply {
            Reply::ClusterCreated(Ok(cluster)) => Some(Ok(vec![Ask::Close, Ask::Select(cluster.uuid)])),
            Reply::ClusterCreated(Err(problems)) => Some(Err(problems.clone())),
            // Who goes back from the review finds each error at its field.
            Reply::Preview(Ok(preview)) => Some(preview.refusal()).filter(|found| !found.is_empty()).map(Err),
            _ => None,
        }
    }
}
