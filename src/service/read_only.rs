//! A manager that only shows: every wish to change something is refused, whatever face it comes from.
//! A test compares its verbs with the trait's, so that none is let through by a default.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::preview::Preview;
use super::{CaCertificate, Change, KubeconfigText, KubeconfigWish, Manager};
use crate::cloud::Identity;
use crate::model::image::Properties;
use crate::model::labels::origin::Effective;
use crate::model::validate::Inventory;
use crate::model::{
    Authority, Cluster, ClusterChange, ClusterId, ClusterTemplate, HistoryEntry, Image, IssuedCertificate, Machine,
    NewBastion, NewCluster, NewImage, NewTemplate, Node, Orphan, Patch, Places, Problem, ProblemKind, Quota,
    ServerSheet, ServiceQuota, StackEvent, StackResource, StackSheet, TemplateId,
};

pub struct ReadOnly(pub Arc<dyn Manager>);

/// What somebody reads who wanted to change something.
pub fn refusal() -> Problem {
    Problem::new(ProblemKind::Denied, "nothing is changed in read-only mode")
        .advise("Start without --read-only, and without read_only in config.toml")
}

#[async_trait]
impl Manager for ReadOnly {
    fn identity(&self) -> Identity {
        self.0.identity()
    }

    async fn templates(&self) -> Result<Vec<ClusterTemplate>, Problem> {
        self.0.templates().await
    }

    async fn template(&self, id: TemplateId) -> Result<Option<ClusterTemplate>, Problem> {
        self.0.template(id).await
    }

    async fn create_template(&self, _: NewTemplate) -> Result<ClusterTemplate, Vec<Problem>> {
        Err(vec![refusal()])
    }

    async fn update_template(&self, _: TemplateId, _: Vec<Patch>) -> Result<ClusterTemplate, Vec<Problem>> {
        Err(vec![refusal()])
    }

    async fn delete_template(&self, _: TemplateId) -> Result<(), Problem> {
        Err(refusal())
    }

    async fn clusters(&self) -> Result<Vec<Cluster>, Problem> {
        self.0.clusters().await
    }

    async fn create_cluster(&self, _: NewCluster) -> Result<Cluster, Vec<Problem>> {
        Err(vec![refusal()])
    }

    async fn change_cluster(&self, _: ClusterId, _: ClusterChange) -> Result<Cluster, Vec<Problem>> {
        Err(vec![refusal()])
    }

    async fn check_change(&self, _: ClusterId, _: ClusterChange) -> Result<(), Vec<Problem>> {
        Err(vec![refusal()])
    }

    async fn preview_cluster(&self, wish: NewCluster) -> Result<Preview, Vec<Problem>> {
        self.0.preview_cluster(wish).await
    }

    async fn delete_cluster(&self, _: ClusterId) -> Result<(), Problem> {
        Err(refusal())
    }

    async fn delete_cluster_and_volumes(&self, _: ClusterId) -> Result<(), Problem> {
        Err(refusal())
    }

    async fn orphans(&self) -> Result<(Vec<Orphan>, Vec<Problem>), Problem> {
        self.0.orphans().await
    }

    async fn remove_orphan(&self, _: &Orphan) -> Result<Option<String>, Problem> {
        Err(refusal())
    }

    async fn ca_certificate(&self, id: ClusterId, authority: Authority) -> Result<CaCertificate, Problem> {
        self.0.ca_certificate(id, authority).await
    }

    async fn sign(&self, _: ClusterId, _: Authority, _: &str) -> Result<String, Problem> {
        Err(refusal())
    }

    async fn kubeconfig(&self, _: ClusterId, _: &KubeconfigWish) -> Result<KubeconfigText, Problem> {
        Err(refusal())
    }

    async fn nodes(&self, id: ClusterId) -> Result<Vec<Node>, Problem> {
        self.0.nodes(id).await
    }

    async fn issued(&self, of: Option<ClusterId>) -> Result<Vec<IssuedCertificate>, Problem> {
        self.0.issued(of).await
    }

    async fn history(&self, of: Option<ClusterId>, limit: usize) -> Result<Vec<HistoryEntry>, Problem> {
        self.0.history(of, limit).await
    }

    async fn quotas(&self) -> Result<Vec<Quota>, Problem> {
        self.0.quotas().await
    }

    async fn put_quota(&self, _: Quota) -> Result<(), Problem> {
        Err(refusal())
    }

    async fn remove_quota(&self, _: &str, _: &str) -> Result<bool, Problem> {
        Err(refusal())
    }

    async fn labels(&self, id: ClusterId) -> Result<Vec<Effective>, Problem> {
        self.0.labels(id).await
    }

    async fn resources(&self, id: ClusterId) -> Result<Vec<StackResource>, Problem> {
        self.0.resources(id).await
    }

    async fn events(&self, id: ClusterId) -> Result<Vec<StackEvent>, Problem> {
        self.0.events(id).await
    }

    async fn machines(&self, id: ClusterId) -> Result<Vec<Machine>, Problem> {
        self.0.machines(id).await
    }

    async fn console(&self, id: ClusterId, server_id: &str, lines: Option<u32>) -> Result<Option<String>, Problem> {
        self.0.console(id, server_id, lines).await
    }

    async fn server(&self, id: ClusterId, server_id: &str) -> Result<Option<ServerSheet>, Problem> {
        self.0.server(id, server_id).await
    }

    async fn stack_sheet(&self, id: ClusterId) -> Result<Option<StackSheet>, Problem> {
        self.0.stack_sheet(id).await
    }

    async fn bastions(&self, id: ClusterId) -> Result<Vec<Machine>, Problem> {
        self.0.bastions(id).await
    }

    async fn create_bastion(&self, _: ClusterId, _: NewBastion) -> Result<Machine, Problem> {
        Err(refusal())
    }

    async fn delete_bastion(&self, _: ClusterId) -> Result<usize, Problem> {
        Err(refusal())
    }

    async fn set_image(&self, _: &str, _: Properties) -> Result<Image, Vec<Problem>> {
        Err(vec![refusal()])
    }

    async fn import_image(&self, _: NewImage) -> Result<Image, Vec<Problem>> {
        Err(vec![refusal()])
    }

    async fn limits(&self) -> (Vec<ServiceQuota>, Vec<Problem>) {
        self.0.limits().await
    }

    async fn recent_events(&self) -> (Vec<(ClusterId, Vec<StackEvent>)>, Vec<Problem>) {
        self.0.recent_events().await
    }

    async fn places(&self) -> Result<Places, Problem> {
        self.0.places().await
    }

    async fn inventory(&self) -> (Inventory, Vec<Problem>) {
        self.0.inventory().await
    }

    fn watch(&self, id: Option<ClusterId>) {
        self.0.watch(id)
    }

    fn subscribe(&self) -> mpsc::UnboundedReceiver<Change> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    /// Names of the functions between two marks of a text.
    fn verbs<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
        let (_, rest) = text.split_once(from).unwrap();
        let (body, _) = rest.split_once(to).unwrap();
        let names = body.lines().filter_map(|line| {
            let line = line.strip_prefix("    ")?;
            line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "))?.split('(').next()
        });
        names.collect()
    }

    #[test]
    fn no_verb_is_left_to_a_default() {
        let wanted = verbs(include_str!("../service.rs"), "pub trait Manager", "\n}\n");
        let have = verbs(include_str!("read_only.rs"), "impl Manager for ReadOnly", "\n}\n");
        assert_eq!(have, wanted);
    }
}
