//! What an action does to the clusters of a list: to the marked ones where it is one for several,
//! else to the one under the cursor.

use super::home::{copy, parameters};
use crate::model::Cluster;
use crate::ui::action::Action;
use crate::ui::layer::{Ask, Cx, Route};
use crate::ui::operation::{self, Place};
use crate::ui::pages::reader::matter::{Form, Matter};
use crate::ui::panes::{ListPane, Spec};
use crate::ui::remote::{self, At};
use crate::ui::several;

pub fn on<S: Spec<Row = Cluster>>(action: Action, list: &ListPane<S>, cx: &Cx) -> Vec<Ask> {
    let at = || list.selected(cx).map(|cluster| At { cluster: cluster.uuid, node: None, marked: Vec::new() });
    if let Some(asks) = remote::asks(action, at, cx) {
        return asks;
    }
    let marked = if several::takes_clusters(action) { list.marked(cx) } else { Vec::new() };
    if let [_, _, ..] = marked.as_slice() {
        return several::clusters(action, &marked).unwrap_or_default();
    }
    let Some(cluster) = marked.first().copied().or_else(|| list.selected(cx)) else { return Vec::new() };
    let id = cluster.uuid;
    if let Some(asks) = Place::cluster(id, cx).and_then(|place| operation::asks(action, place)) {
        return asks;
    }
    match action {
        Action::Open => vec![Ask::Open(Route::Cluster { id, why: false })],
        Action::Why => vec![Ask::Open(Route::Cluster { id, why: true })],
        Action::Kubeconfig => vec![Ask::Open(Route::Kubeconfig(id))],
        Action::Delete => vec![Ask::Open(Route::DeleteCluster(id))],
        Action::AsText => vec![Ask::Open(Route::Read(Matter::Cluster(id, Form::Yaml)))],
        Action::Parameters => parameters(id, cx),
        Action::When => vec![Ask::Open(Route::Read(Matter::Timeline(id)))],
        Action::Copy => copy("uuid", &id.to_string()),
        _ => Vec::new(),
    }
}

/// Whether the action is worth a hint.
pub fn offers<S: Spec<Row = Cluster>>(action: Action, list: &ListPane<S>, cx: &Cx) -> bool {
    if several::takes_clusters(action) {
        return list.meant(cx).iter().any(|cluster| operation::offers(action, cluster));
    }
    match list.selected(cx) {
        Some(cluster) => operation::offers(action, cluster),
        None => !operation::needs_cluster(action),
    }
}
