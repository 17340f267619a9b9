//! The list of cluster templates, and the details of one.

use ratatui::text::Span;

use super::{Spec, fact, loading, press, problem_lines};
use crate::model::{ClusterTemplate, TemplateId};
use crate::ui::action::{Action, Context};
use crate::ui::fleet::Loaded;
use crate::ui::layer::{Cx, Link};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, known_first};

pub struct Templates;

impl Spec for Templates {
    type Key = TemplateId;
    type Row = ClusterTemplate;
    type Of = ();
    const TITLE: &'static str = "Templates";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a ClusterTemplate> {
        cx.fleet.templates_by_name()
    }

    fn key(row: &ClusterTemplate) -> TemplateId {
        row.uuid
    }

    fn columns() -> &'static [Column<ClusterTemplate>] {
        &[
            Column {
                title: "NAME",
                min: 14,
                max: 40,
                rank: 0,
                cell: |t, cx| [cx.span(Role::Strong, &t.spec.name)].into_iter().chain(sign(t, cx)).collect(),
                order: |a, b, _| a.spec.name.cmp(&b.spec.name),
            },
            Column {
                title: "IMAGE",
                min: 8,
                max: 28,
                rank: 1,
                cell: |t, cx| vec![cx.span(Role::Text, image_name(t, cx))],
                order: |a, b, cx| image_name(a, cx).cmp(&image_name(b, cx)),
            },
            Column {
                title: "FLAVOR",
                min: 6,
                max: 14,
                rank: 2,
                cell: |t, cx| vec![cx.span(Role::Text, t.spec.flavor_id.clone().unwrap_or_else(|| "–".into()))],
                order: |a, b, _| known_first(a.spec.flavor_id.as_ref(), b.spec.flavor_id.as_ref()),
            },
            Column {
                title: "FIP",
                min: 3,
                max: 3,
                rank: 3,
                cell: |t, cx| switch(t.spec.floating_ip_enabled, cx),
                order: |a, b, _| b.spec.floating_ip_enabled.cmp(&a.spec.floating_ip_enabled),
            },
            Column {
                title: "LB",
                min: 2,
                max: 2,
                rank: 4,
                cell: |t, cx| switch(t.spec.master_lb_enabled, cx),
                order: |a, b, _| b.spec.master_lb_enabled.cmp(&a.spec.master_lb_enabled),
            },
            Column {
                title: "NETWORK",
                min: 7,
                max: 10,
                rank: 5,
                cell: |t, cx| vec![cx.span(Role::Muted, t.spec.network_driver.clone().unwrap_or_default())],
                order: |a, b, _| known_first(a.spec.network_driver.as_ref(), b.spec.network_driver.as_ref()),
            },
        ]
    }

    fn haystack(row: &ClusterTemplate, cx: &Cx) -> String {
        format!("{} {} {} {}", row.spec.name, image_name(row, cx), row.cluster_distro, row.uuid)
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        match (cx.link, &cx.fleet.templates_loaded) {
            (Link::Connecting | Link::Failed(_), _) => Vec::new(),
            (_, Loaded::Not) => vec![vec![loading(cx)]],
            (_, Loaded::Failed(problem)) => problem_lines(problem, room, cx),
            (_, Loaded::Yes) => {
                let mut line = vec![cx.span(Role::Text, "No templates yet.  ")];
                line.extend(press(Action::New, &[Context::Templates], "new template", cx));
                vec![line]
            }
        }
    }
}

fn switch(on: bool, cx: &Cx) -> Vec<Span<'static>> {
    vec![if on { cx.span(Role::Ok, "✓") } else { cx.span(Role::Faint, "–") }]
}

/// Who may use it besides this project, in a word beside its name; another project's is `others'`.
fn sign(template: &ClusterTemplate, cx: &Cx) -> Option<Span<'static>> {
    let word = match (cx.fleet.is_ours(template), template.spec.public, template.spec.hidden) {
        (false, ..) => "others'",
        (true, _, true) => "hidden",
        (true, true, false) => "public",
        (true, false, false) => return None,
    };
    Some(cx.span(Role::Muted, format!("  {word}")))
}

/// … in a sentence; nothing of a template that is nobody else's.
fn sharing_told(template: &ClusterTemplate, cx: &Cx) -> Option<String> {
    let told = match (cx.fleet.is_ours(template), template.spec.public, template.spec.hidden) {
        (false, ..) => format!("by project {}", template.project_id),
        (true, true, true) => "with those who know its uuid".into(),
        (true, true, false) => "with all projects".into(),
        (true, false, _) => return None,
    };
    Some(told)
}

/// The image's name when the cloud's images are known, else what the template says.
fn image_name(template: &ClusterTemplate, cx: &Cx) -> String {
    let images = cx.fleet.inventory.as_ref().map_or(&[][..], |cloud| &cloud.images);
    let named = images.iter().find(|image| image.id == template.spec.image_id);
    named.map_or(&template.spec.image_id, |image| &image.name).clone()
}

pub fn details(template: &ClusterTemplate, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let spec = &template.spec;
    let mut lines = vec![
        vec![
            cx.span(Role::Strong, &spec.name),
            cx.span(Role::Muted, format!("  {} on {}", spec.coe, template.cluster_distro)),
        ],
        Vec::new(),
    ];
    let size = spec.docker_volume_size.map(|gb| format!("{gb} GB"));
    let on = |on: bool| Some(if on { "on" } else { "off" }.to_owned());
    let labels = Some(spec.labels.to_string()).filter(|text| !text.is_empty());
    let facts = [
        ("image", Some(image_name(template, cx))),
        ("external", spec.external_network_id.clone()),
        ("network", spec.fixed_network.clone()),
        ("subnet", spec.fixed_subnet.clone()),
        ("masters", spec.master_flavor_id.clone()),
        ("workers", spec.flavor_id.clone()),
        ("keypair", spec.keypair_id.clone()),
        ("pod network", spec.network_driver.clone()),
        ("nameserver", spec.dns_nameserver.clone()),
        ("volume", size),
        ("floating IP", on(spec.floating_ip_enabled)),
        ("master LB", on(spec.master_lb_enabled)),
        ("proxy", spec.http_proxy.clone()),
        ("labels", labels),
    ];
    for (label, value) in facts {
        if let Some(value) = value {
            lines.push(fact(label, vec![cx.span(Role::Text, value)], cx));
        }
    }
    if let Some(told) = sharing_told(template, cx) {
        lines.push(fact("shared", vec![cx.span(Role::Text, told)], cx));
    }
    lines.push(fact("uuid", vec![cx.span(Role::Muted, template.uuid.to_string())], cx));
    lines.push(fact("created", vec![cx.span(Role::Muted, cx.date(template.created_at))], cx));
    let used: Vec<&str> = cx
        .fleet
        .clusters
        .values()
        .filter(|c| c.cluster_template_id == template.uuid)
        .map(|c| c.name.as_str())
        .collect();
    if !used.is_empty() {
        lines.push(fact("used by", vec![cx.span(Role::Text, used.join(", "))], cx));
    }
    lines
}
