//! The manager that is our own conductor: checks wishes against the cloud, keeps them in
//! the store, and leaves the work to [`crate::conductor`], in this process or in another
//! one on the same store.
//!
//! Verbs only write and read; nothing here waits for Heat to finish anything. Start
//! reading at [`LocalManager`]; what is accepted and how it is completed is `accept`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::preview::Preview;
use super::{CaCertificate, Change, KubeconfigText, KubeconfigWish, Manager};
use crate::cloud::{Cloud, CloudError, Identity, Scope};
use crate::conductor::{self, Clock, Conductor, Observer, Options, Ports, chronicle, details, sweep};
use crate::driver::{Driver, Drivers, sheet};
use crate::model::image::Properties;
use crate::model::labels::catalogue::Sheet;
use crate::model::labels::origin::{self, Effective};
use crate::model::validate::Inventory;
use crate::model::{
    Authority, Check, Cluster, ClusterChange, ClusterId, ClusterTemplate, HistoryEntry, Image, IssuedCertificate,
    Machine, NewBastion, NewCluster, NewImage, NewTemplate, Node, Orphan, Patch, Places, Problem, Quota, ServerSheet,
    ServiceQuota, Stack, StackEvent, StackResource, StackSheet, TemplateId, ThingSort,
};
use crate::notify::Notifier;
use crate::store::{ClusterRecord, Store, StoreError};

mod accept;
mod bastions;
mod board;
mod certificates;
mod machines;
mod operations;
mod preview;
mod project;

use board::Board;

/// So many entries of the history are looked through for clusters that were.
const HISTORY: usize = 100_000;
/// How often a save is tried on top of somebody else's.
const SAVES: usize = 8;

pub struct LocalManager {
    cloud: Cloud,
    store: Arc<dyn Store>,
    drivers: Arc<Drivers>,
    options: Options,
    clock: Clock,
    board: Arc<Board>,
    notifier: Notifier,
    conductor: Option<Conductor>,
}

/// What a process does besides accepting wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Works,
    WorksUnseen,
    OnlyAsks,
}

impl LocalManager {
    /// Does the conductor's work as well, or follows the process that does. Must be
    /// called within a tokio runtime.
    pub fn start(cloud: Cloud, store: Arc<dyn Store>, drivers: Arc<Drivers>, options: Options) -> Arc<Self> {
        Self::new(cloud, store, drivers, options, Arc::new(Utc::now), Part::Works)
    }

    /// As [`Self::start`], by another clock: the conductor's patience with a cloud that says nothing
    /// can be had in less time.
    pub fn by_clock(
        cloud: Cloud,
        store: Arc<dyn Store>,
        drivers: Arc<Drivers>,
        options: Options,
        clock: Clock,
    ) -> Arc<Self> {
        Self::new(cloud, store, drivers, options, clock, Part::Works)
    }

    /// Does the conductor's work, and tells nobody of it: [`Manager::subscribe`] says nothing,
    /// and so nothing is kept in memory of clusters at rest.
    pub fn headless(cloud: Cloud, store: Arc<dyn Store>, drivers: Arc<Drivers>, options: Options) -> Arc<Self> {
        Self::new(cloud, store, drivers, options, Arc::new(Utc::now), Part::WorksUnseen)
    }

    /// Only accepts and shows; the work is for another process, which is woken, or for
    /// the next one. Says nothing through [`Manager::subscribe`].
    pub fn open(cloud: Cloud, store: Arc<dyn Store>, drivers: Arc<Drivers>, options: Options) -> Arc<Self> {
        Self::new(cloud, store, drivers, options, Arc::new(Utc::now), Part::OnlyAsks)
    }

    fn new(
        cloud: Cloud,
        store: Arc<dyn Store>,
        drivers: Arc<Drivers>,
        options: Options,
        clock: Clock,
        part: Part,
    ) -> Arc<Self> {
        let board = Arc::new(if part == Part::WorksUnseen { Board::deaf() } else { Board::default() });
        let works = part != Part::OnlyAsks;
        let notifier = if works { Notifier::start(options.outside.notify.clone()) } else { Notifier::default() };
        let ports = || Ports {
            notifier: notifier.clone(),
            scope: cloud.identity.scope.clone(),
            keystone: cloud.identity.keystone().to_owned(),
            orchestration: cloud.orchestration.clone(),
            delegation: cloud.delegation.clone(),
            key_manager: cloud.key_manager.clone(),
            things: cloud.things.clone(),
            kubernetes: options.outside.kubernetes.clone(),
            store: store.clone(),
            drivers: drivers.clone(),
            observer: board.clone(),
            clock: clock.clone(),
        };
        let conductor = works.then(|| Conductor::start(ports(), options.clone()));
        Arc::new(Self { cloud, store, drivers, options, clock, board, notifier, conductor })
    }

    /// Lets calls under way end, at most this long. Stacks go on in the cloud.
    pub async fn stop(&self, limit: Duration) {
        if let Some(conductor) = &self.conductor {
            conductor.stop(limit).await;
            self.notifier.settle(limit).await;
        }
    }

    fn poke(&self) {
        match &self.conductor {
            Some(conductor) => conductor.poke(),
            None => conductor::wake_other(&self.options, &self.cloud.identity.scope),
        }
    }

    async fn record(&self, id: ClusterId) -> Result<ClusterRecord, Problem> {
        let found = self.store.cluster(&self.cloud.identity.scope, id).await?;
        found.ok_or_else(|| Problem::not_found(format!("there is no cluster {id}")))
    }

    /// Takes every record, page by page: a record is several times what is told of its cluster, and there
    /// may be thousands. How many there are in the end: fewer than were taken when some went meanwhile.
    async fn each_record(&self, mut take: impl FnMut(ClusterRecord) + Send) -> Result<usize, Problem> {
        let mut since = 0;
        loop {
            let page = self.store.changes(&self.cloud.identity.scope, since).await?;
            page.clusters.into_iter().for_each(&mut take);
            if page.all {
                return Ok(page.total);
            }
            since = page.version;
        }
    }

    /// `None` while there is no stack, and so nothing inside one.
    async fn stack(&self, id: ClusterId) -> Result<Option<Stack>, Problem> {
        Ok(details::stack(&self.record(id).await?))
    }

    /// Notes an accepted command in a record that is about to be saved. Call it for every one.
    async fn note(&self, record: &mut ClusterRecord, command: &str, asked: String) {
        let who = &self.cloud.identity;
        // Durations are a courtesy: without them, nothing is expected.
        let samples = self.store.samples(&who.scope, &record.cluster.driver, command).await.unwrap_or_default();
        chronicle::command(record, command, asked, &who.user_id, &samples, (self.clock)());
    }

    /// Notes the wish; a volume once given up stays so.
    async fn wish_away(&self, id: ClusterId, with_volumes: bool) -> Result<(), Problem> {
        let mut last = StoreError::Stale;
        for _ in 0..SAVES {
            let known = self.record(id).await?;
            let mut record = known.clone();
            conductor::wish_absent(&mut record, (self.clock)());
            record.track.with_volumes |= with_volumes;
            if record == known {
                self.poke();
                return Ok(());
            }
            let asked = if with_volumes { "with its volumes" } else { "" };
            self.note(&mut record, "delete", asked.to_owned()).await;
            match self.store.save_cluster(&mut record).await {
                Ok(()) => {
                    tracing::info!(cluster = %id, name = record.cluster.name, was = %known.cluster.status, "cluster is to be deleted");
                    self.board.saved(&record);
                    self.poke();
                    return Ok(());
                }
                // The conductor was faster; the wish goes on top of what it saved.
                Err(StoreError::Stale) => {}
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    /// What drivers say of labels; the user's own in front, as they are chosen.
    fn sheets(&self) -> Vec<Sheet> {
        let mut drivers: Vec<&Driver> = self.drivers.iter().collect();
        drivers.sort_by_key(|driver| std::cmp::Reverse(driver.origin));
        drivers.into_iter().map(sheet::sheet).collect()
    }

    /// What wishes are checked against: all of it, or why not.
    async fn whole_inventory(&self) -> Result<Inventory, Vec<Problem>> {
        match self.inventory().await {
            (inventory, problems) if problems.is_empty() => Ok(inventory),
            (_, problems) => Err(problems),
        }
    }
}

#[async_trait]
impl Manager for LocalManager {
    fn identity(&self) -> Identity {
        self.cloud.identity.clone()
    }

    async fn templates(&self) -> Result<Vec<ClusterTemplate>, Problem> {
        let who = &self.cloud.identity;
        Ok(self.store.templates(&who.scope, who.keystone()).await?)
    }

    async fn template(&self, id: TemplateId) -> Result<Option<ClusterTemplate>, Problem> {
        let who = &self.cloud.identity;
        Ok(self.store.template(&who.scope, who.keystone(), id).await?)
    }

    async fn create_template(&self, wish: NewTemplate) -> Result<ClusterTemplate, Vec<Problem>> {
        let cloud = self.whole_inventory().await?;
        let (who, id) = (&self.cloud.identity, TemplateId(Uuid::new_v4()));
        let template = accept::template(wish, &self.drivers, &cloud, who, id, (self.clock)())?;
        self.store.add_template(&who.scope, &template).await.map_err(only)?;
        tracing::info!(template = %id, name = template.spec.name, "template accepted");
        self.poke();
        Ok(template)
    }

    async fn update_template(&self, id: TemplateId, patch: Vec<Patch>) -> Result<ClusterTemplate, Vec<Problem>> {
        self.patch_template(id, &patch).await
    }

    async fn delete_template(&self, id: TemplateId) -> Result<(), Problem> {
        self.own_template(id).await?;
        if !self.store.remove_template(&self.cloud.identity.scope, id).await? {
            return Err(Problem::not_found(format!("there is no cluster template {id}")));
        }
        tracing::info!(template = %id, "template deleted");
        self.poke();
        Ok(())
    }

    async fn clusters(&self) -> Result<Vec<Cluster>, Problem> {
        let scope = &self.cloud.identity.scope;
        let mut all = BTreeMap::new();
        let total = self.each_record(|record| all.extend([(record.id(), record.cluster)])).await?;
        if all.len() > total {
            // Some went between two pages.
            let there = self.store.cluster_ids(scope).await?;
            all.retain(|id, _| there.contains(id));
        }
        let now = (self.clock)();
        let told = all.into_values().map(|cluster| {
            let mut cluster = self.board.with_progress(cluster);
            cluster.health = cluster.health.map(|health| health.as_of(now));
            cluster
        });
        let mut told: Vec<Cluster> = told.collect();
        told.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(told)
    }

    async fn create_cluster(&self, wish: NewCluster) -> Result<Cluster, Vec<Problem>> {
        let (mut record, secrets) = self.look(wish).await?.accepted?;
        let id = record.id();
        let asked = asked(&record.cluster);
        self.note(&mut record, "create", asked).await;
        self.store.add_cluster(&mut record, &secrets).await.map_err(only)?;
        tracing::info!(cluster = %id, name = record.cluster.name, stack = record.cluster.stack_name, "cluster accepted");
        self.board.saved(&record);
        self.poke();
        Ok(record.cluster)
    }

    async fn change_cluster(&self, id: ClusterId, change: ClusterChange) -> Result<Cluster, Vec<Problem>> {
        self.change(id, change).await
    }

    async fn check_change(&self, id: ClusterId, change: ClusterChange) -> Result<(), Vec<Problem>> {
        self.may_change(id, change).await
    }

    async fn preview_cluster(&self, wish: NewCluster) -> Result<Preview, Vec<Problem>> {
        let taken = self.clusters().await.map_err(only)?.into_iter().any(|cluster| cluster.name == wish.name);
        let mut preview = self.look(wish).await?.preview;
        if taken {
            let told = format!("there is a cluster \"{}\" already", preview.wish.name);
            preview.checks.insert(0, Check::error("name", told).advise("Choose another name"));
        }
        Ok(preview)
    }

    async fn delete_cluster(&self, id: ClusterId) -> Result<(), Problem> {
        self.wish_away(id, false).await
    }

    async fn delete_cluster_and_volumes(&self, id: ClusterId) -> Result<(), Problem> {
        self.wish_away(id, true).await
    }

    async fn orphans(&self) -> Result<(Vec<Orphan>, Vec<Problem>), Problem> {
        let scope = &self.cloud.identity.scope;
        // Before the cloud is looked at: what is made meanwhile is nobody's orphan.
        let past = self.store.history(scope, None, HISTORY).await?;
        let (things, shut) = sweep::all(&*self.cloud.things).await;
        let present = self.store.cluster_ids(scope).await?;
        let past = past.into_iter().map(|entry| entry.cluster_uuid).collect();
        let unseen = |(sort, error): (ThingSort, CloudError)| {
            let mut problem = Problem::from(error);
            problem.summary = format!("{}s could not be looked at: {}", sort.word(), problem.summary);
            problem
        };
        Ok((sweep::orphans(things, &present, &past), shut.into_iter().map(unseen).collect()))
    }

    async fn remove_orphan(&self, orphan: &Orphan) -> Result<Option<String>, Problem> {
        if self.store.cluster_ids(&self.cloud.identity.scope).await?.contains(&orphan.cluster) {
            return Err(Problem::conflict(format!("{} belongs to a cluster that is there", orphan.thing.line())));
        }
        let left = sweep::remove(&*self.cloud.things, orphan.thing.clone()).await?;
        tracing::info!(thing = orphan.thing.line(), cluster = %orphan.cluster, left = left.is_some(), "orphan was asked to go");
        Ok(left.and_then(|left| left.words))
    }

    async fn ca_certificate(&self, id: ClusterId, authority: Authority) -> Result<CaCertificate, Problem> {
        self.authority(id, authority).await
    }

    async fn sign(&self, id: ClusterId, authority: Authority, csr_pem: &str) -> Result<String, Problem> {
        self.sign_request(id, authority, csr_pem).await
    }

    async fn kubeconfig(&self, id: ClusterId, wish: &KubeconfigWish) -> Result<KubeconfigText, Problem> {
        self.client_config(id, wish).await
    }

    async fn nodes(&self, id: ClusterId) -> Result<Vec<Node>, Problem> {
        Ok(conductor::nodes::of(&self.record(id).await?))
    }

    async fn issued(&self, of: Option<ClusterId>) -> Result<Vec<IssuedCertificate>, Problem> {
        Ok(self.store.certificates(&self.cloud.identity.scope, of).await?)
    }

    async fn history(&self, of: Option<ClusterId>, limit: usize) -> Result<Vec<HistoryEntry>, Problem> {
        Ok(self.store.history(&self.cloud.identity.scope, of, limit).await?)
    }

    async fn quotas(&self) -> Result<Vec<Quota>, Problem> {
        Ok(self.store.quotas(&self.cloud.identity.scope.region).await?)
    }

    async fn put_quota(&self, quota: Quota) -> Result<(), Problem> {
        self.store.put_quota(&self.cloud.identity.scope.region, &quota).await?;
        tracing::info!(project = quota.project_id, resource = quota.resource, limit = quota.hard_limit, "quota set");
        Ok(())
    }

    async fn remove_quota(&self, project_id: &str, resource: &str) -> Result<bool, Problem> {
        let region = self.cloud.identity.scope.region.clone();
        let scope = Scope { project_id: project_id.to_owned(), region };
        Ok(self.store.remove_quota(&scope, resource).await?)
    }

    async fn labels(&self, id: ClusterId) -> Result<Vec<Effective>, Problem> {
        let record = self.record(id).await?;
        let sheet = self.drivers.get(&record.cluster.driver).map(sheet::sheet);
        Ok(origin::of_cluster(&record.cluster, &record.template.labels, sheet.as_ref()))
    }

    async fn resources(&self, id: ClusterId) -> Result<Vec<StackResource>, Problem> {
        match self.stack(id).await? {
            Some(stack) => Ok(self.cloud.orchestration.resources(&stack).await?),
            None => Ok(Vec::new()),
        }
    }

    async fn events(&self, id: ClusterId) -> Result<Vec<StackEvent>, Problem> {
        match self.stack(id).await? {
            Some(stack) => Ok(self.cloud.orchestration.events(&stack, None).await?),
            None => Ok(Vec::new()),
        }
    }

    async fn machines(&self, id: ClusterId) -> Result<Vec<Machine>, Problem> {
        self.machines_of(id).await
    }

    async fn console(&self, id: ClusterId, server_id: &str, lines: Option<u32>) -> Result<Option<String>, Problem> {
        self.console_of(id, server_id, lines).await
    }

    async fn server(&self, id: ClusterId, server_id: &str) -> Result<Option<ServerSheet>, Problem> {
        self.server_of(id, server_id).await
    }

    async fn stack_sheet(&self, id: ClusterId) -> Result<Option<StackSheet>, Problem> {
        match self.stack(id).await? {
            Some(stack) => Ok(self.cloud.orchestration.sheet(&stack.id).await?),
            None => Ok(None),
        }
    }

    async fn bastions(&self, id: ClusterId) -> Result<Vec<Machine>, Problem> {
        self.bastions_of(id).await
    }

    async fn create_bastion(&self, id: ClusterId, wish: NewBastion) -> Result<Machine, Problem> {
        self.make_bastion(id, wish).await
    }

    async fn delete_bastion(&self, id: ClusterId) -> Result<usize, Problem> {
        let went = self.clear_bastion(id).await?;
        tracing::info!(cluster = %id, parts = went, "bastion removed");
        Ok(went)
    }

    async fn set_image(&self, id: &str, properties: Properties) -> Result<Image, Vec<Problem>> {
        self.describe_image(id, &properties).await
    }

    async fn import_image(&self, wish: NewImage) -> Result<Image, Vec<Problem>> {
        self.fetch_image(&wish).await
    }

    async fn limits(&self) -> (Vec<ServiceQuota>, Vec<Problem>) {
        self.all_limits().await
    }

    async fn recent_events(&self) -> (Vec<(ClusterId, Vec<StackEvent>)>, Vec<Problem>) {
        self.latest_events().await
    }

    async fn places(&self) -> Result<Places, Problem> {
        Ok(self.cloud.login.places().await?)
    }

    async fn inventory(&self) -> (Inventory, Vec<Problem>) {
        let cloud = &self.cloud;
        let (images, flavors, keypairs, networks, subnets) = tokio::join!(
            cloud.images.images(),
            cloud.compute.flavors(),
            cloud.compute.keypairs(),
            cloud.networking.networks(),
            cloud.networking.subnets(),
        );
        let mut problems: Vec<Problem> = Vec::new();
        let inventory = Inventory {
            images: part(images, &mut problems),
            flavors: part(flavors, &mut problems),
            keypairs: part(keypairs, &mut problems),
            networks: part(networks, &mut problems),
            subnets: part(subnets, &mut problems),
            has_load_balancer: cloud.has("load-balancer"),
            has_block_storage: cloud.has("block-storage"),
            sheets: self.sheets(),
            distros: self.drivers.iter().flat_map(|driver| driver.manifest.os_distro.clone()).collect(),
        };
        (inventory, problems)
    }

    fn watch(&self, id: Option<ClusterId>) {
        if let Some(conductor) = &self.conductor {
            conductor.watch(id);
        }
    }

    fn subscribe(&self) -> mpsc::UnboundedReceiver<Change> {
        self.board.subscribe()
    }
}

/// One service's part; two calls of one service that fail alike are one problem.
fn part<T>(answer: Result<Vec<T>, CloudError>, problems: &mut Vec<Problem>) -> Vec<T> {
    answer.unwrap_or_else(|error| {
        let problem = Problem::from(error);
        if problems.iter().all(|known| known.summary != problem.summary) {
            problems.push(problem);
        }
        Vec::new()
    })
}

/// What a create is for, in the history's words.
fn asked(cluster: &Cluster) -> String {
    let (masters, workers) = (cluster.master_count, cluster.node_count);
    format!("masters: {masters}, workers: {workers}, template: {}", cluster.template_name)
}

fn only(problem: impl Into<Problem>) -> Vec<Problem> {
    vec![problem.into()]
}

#[cfg(test)]
mod tests;
