//! Images, and whether clusters can boot them.

use ratatui::text::Span;

use super::{fitness, nothing};
use crate::model::{Image, fitness as rules};
use crate::ui::layer::Cx;
use crate::ui::panes::{Spec, fact};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, known_first};

pub struct Images;

impl Spec for Images {
    type Key = String;
    type Row = Image;
    type Of = ();
    const TITLE: &'static str = "Images";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Image> {
        let Some(cloud) = &cx.fleet.inventory else { return Vec::new() };
        let mut all: Vec<&Image> = cloud.images.iter().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        all
    }

    fn key(row: &Image) -> String {
        row.id.clone()
    }

    fn columns() -> &'static [Column<Image>] {
        &[
            Column {
                title: "IMAGE",
                min: 22,
                max: 44,
                rank: 0,
                cell: |i, cx| vec![cx.span(Role::Strong, &i.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "FOR CLUSTERS",
                min: 22,
                max: 52,
                rank: 0,
                cell: |i, cx| fitness(&used(i, cx), cx),
                order: |a, b, cx| used(a, cx).cmp(&used(b, cx)),
            },
            Column {
                title: "DISTRO",
                min: 8,
                max: 22,
                rank: 1,
                cell: |i, cx| vec![distro(i, cx)],
                order: |a, b, _| known_first(a.os_distro.as_ref(), b.os_distro.as_ref()),
            },
            Column {
                title: "KUBERNETES",
                min: 8,
                max: 12,
                rank: 2,
                cell: |i, cx| vec![cx.span(Role::Text, i.kube_version.clone().unwrap_or_else(|| "–".into()))],
                order: |a, b, _| known_first(a.kube_version.as_ref(), b.kube_version.as_ref()),
            },
            Column {
                title: "STATUS",
                min: 6,
                max: 12,
                rank: 3,
                cell: |i, cx| vec![status(i, cx)],
                order: |a, b, _| a.status.cmp(&b.status),
            },
            Column {
                title: "WHOSE",
                min: 5,
                max: 10,
                rank: 4,
                cell: |i, cx| vec![cx.span(Role::Muted, whose(i, cx))],
                order: |a, b, cx| whose(a, cx).cmp(whose(b, cx)),
            },
        ]
    }

    fn haystack(row: &Image, cx: &Cx) -> String {
        let [distro, kube] = [&row.os_distro, &row.kube_version].map(|text| text.as_deref().unwrap_or_default());
        format!("{} {distro} {kube} {} {} {}", row.name, row.status, used(row, cx).words(), row.id)
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        nothing("glance", "There is no image. Import one from a web server.", room, cx)
    }
}

fn used(image: &Image, cx: &Cx) -> rules::Use {
    rules::image(image, cx.fleet.inventory.as_ref().map_or(&[], |cloud| &cloud.distros))
}

fn distro(image: &Image, cx: &Cx) -> Span<'static> {
    match (&image.os_distro, &image.os_version) {
        (Some(distro), Some(version)) => cx.span(Role::Text, format!("{distro} {version}")),
        (Some(distro), None) => cx.span(Role::Text, distro),
        (None, _) => cx.span(Role::Faint, "–"),
    }
}

fn status(image: &Image, cx: &Cx) -> Span<'static> {
    match image.status.as_str() {
        _ if image.import_failed => cx.span(Role::Failed, "✖ failed"),
        "active" => cx.span(Role::Muted, "active"),
        _ if image.arriving => cx.span(Role::Moving, format!("◐ {}", image.status)),
        other => cx.span(Role::Warning, other),
    }
}

/// Whether it is this project's, which may change it.
pub fn is_ours(image: &Image, cx: &Cx) -> bool {
    cx.fleet.identity.as_ref().is_none_or(|who| image.owner.is_empty() || who.scope.project_id == image.owner)
}

fn whose(image: &Image, cx: &Cx) -> &'static str {
    if is_ours(image, cx) { "ours" } else { "others'" }
}

/// Everything about one.
pub fn details(image: &Image, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let size = image.size.map(|bytes| format!("{} MB", bytes >> 20)).unwrap_or_else(|| "not known".into());
    let mut needs = Vec::new();
    if image.min_disk > 0 {
        needs.push(format!("{} GB of disk", image.min_disk));
    }
    if image.min_ram > 0 {
        needs.push(format!("{} of memory", rules::gigabytes(image.min_ram)));
    }
    let needs = if needs.is_empty() { "nothing in particular".into() } else { needs.join(", ") };
    let say = |text: String| vec![cx.span(Role::Text, text)];
    let mut lines = vec![
        fact("clusters", fitness(&used(image, cx), cx), cx),
        fact("size", say(format!("{size}, needs {needs}")), cx),
        fact("seen by", say(format!("{}  ({})", image.visibility, whose(image, cx))), cx),
        fact("id", vec![cx.span(Role::Muted, &image.id)], cx),
    ];
    if let Some(user) = &image.os_admin_user {
        lines.insert(2, fact("login", say(user.clone()), cx));
    }
    lines
}
