//! Changes of clusters that are there, and of templates: what is looked up before the rules of
//! [`crate::conductor::change`] are asked, and how the outcome is kept.

use std::collections::BTreeSet;

use secrecy::SecretString;

use super::{LocalManager, SAVES, accept, only};
use crate::conductor::change::{self, Target};
use crate::conductor::{Observer, chronicle, groups, keys, provisions};
use crate::driver::sheet;
use crate::model::change::shape;
use crate::model::service_quota::{self, Item, Needs};
use crate::model::spec::DEFAULT_WORKER;
use crate::model::{
    Cluster, ClusterChange, ClusterId, ClusterTemplate, NewNodeGroup, Patch, Problem, ProblemKind, Severity,
    TemplateId, patch, text,
};
use crate::pki;
use crate::service::Manager;
use crate::store::{ClusterRecord, Secrets, StoreError};

/// The label by which servers are grouped.
const AFFINITY: &str = "nodes_affinity_policy";

/// What a change needs from outside of the record, asked for once.
enum Prepared {
    Plain,
    Upgrade { template: Box<ClusterTemplate>, inventory: Box<crate::model::validate::Inventory> },
    Group { inventory: Box<crate::model::validate::Inventory> },
}

impl LocalManager {
    pub(super) async fn change(&self, id: ClusterId, wish: ClusterChange) -> Result<Cluster, Vec<Problem>> {
        let prepared = self.prepare(&wish).await?;
        self.has_room(id, &wish).await.map_err(only)?;
        for _ in 0..SAVES {
            let known = self.record(id).await.map_err(only)?;
            let mut record = known.clone();
            groups::show(&mut record);
            self.apply(&mut record, &wish, &prepared)?;
            if record == known {
                self.poke();
                return Ok(record.cluster);
            }
            if matches!(wish, ClusterChange::RotateCa { .. }) {
                let made = self.next_keys(&known)?;
                match self.store.add_secrets(id, &made).await {
                    Ok(()) | Err(StoreError::Stale) => {}
                    Err(error) => return Err(only(error)),
                }
            }
            let (command, asked) = wording(&wish);
            if begins(&wish) {
                self.note(&mut record, command, asked).await;
            } else {
                chronicle::aside(&mut record, command, asked, &self.cloud.identity.user_id, (self.clock)());
            }
            match self.store.save_cluster(&mut record).await {
                Ok(()) => {
                    tracing::info!(cluster = %id, name = record.cluster.name, command, "change accepted");
                    self.board.saved(&record);
                    self.poke();
                    return Ok(record.cluster);
                }
                // The conductor was faster; whether the change may be had is asked again.
                Err(StoreError::Stale) => {}
                Err(error) => return Err(only(error)),
            }
        }
        Err(only(StoreError::Stale))
    }

    pub(super) async fn may_change(&self, id: ClusterId, wish: ClusterChange) -> Result<(), Vec<Problem>> {
        let prepared = self.prepare(&wish).await?;
        self.has_room(id, &wish).await.map_err(only)?;
        let mut record = self.record(id).await.map_err(only)?;
        groups::show(&mut record);
        self.apply(&mut record, &wish, &prepared)
    }

    async fn prepare(&self, wish: &ClusterChange) -> Result<Prepared, Vec<Problem>> {
        let found = shape(wish);
        if !found.is_empty() {
            return Err(found);
        }
        match wish {
            ClusterChange::Upgrade { template, .. } => {
                let (template, inventory) = tokio::join!(self.meant_template(template), self.whole_inventory());
                let template = template.map_err(|problem| only(problem.on_field("template")))?;
                Ok(Prepared::Upgrade { template: Box::new(template), inventory: Box::new(inventory?) })
            }
            ClusterChange::CreateNodegroup { .. } => {
                Ok(Prepared::Group { inventory: Box::new(self.whole_inventory().await?) })
            }
            _ => Ok(Prepared::Plain),
        }
    }

    /// More nodes than a server group takes would fail in Heat, half-way. A quota that cannot be looked
    /// at stops nothing.
    async fn has_room(&self, id: ClusterId, wish: &ClusterChange) -> Result<(), Problem> {
        let (count, nodegroup) = match wish {
            ClusterChange::Resize { count, nodegroup, .. } => (*count, nodegroup.as_deref().unwrap_or(DEFAULT_WORKER)),
            ClusterChange::CreateNodegroup { nodegroup } => (nodegroup.node_count, nodegroup.name.as_str()),
            _ => return Ok(()),
        };
        let record = self.record(id).await?;
        let grows =
            record.goal.group(nodegroup).is_none_or(|group| usize::try_from(count).is_ok_and(|n| n > group.count()));
        let sheet = self.drivers.get(&record.cluster.driver).map(sheet::sheet);
        let policy = sheet.as_ref().and_then(|sheet| sheet.reads.get(AFFINITY)).map(String::as_str);
        let policy = policy.map(|default| record.cluster.labels.get(AFFINITY).unwrap_or(default));
        if !grows || policy.is_none_or(|policy| policy == "none") {
            return Ok(());
        }
        let Some(nova) = self.cloud.quotas.iter().find(|one| one.service() == "nova") else { return Ok(()) };
        let needs = Needs::from([(Item::ServerGroupMembers, count.into())]);
        let found = service_quota::checks(&service_quota::uses(&needs, &nova.quotas().await.unwrap_or_default()));
        found.into_iter().find(|check| check.severity == Severity::Error).map_or(Ok(()), |check| Err(check.into()))
    }

    fn apply(&self, record: &mut ClusterRecord, wish: &ClusterChange, prepared: &Prepared) -> Result<(), Vec<Problem>> {
        let now = (self.clock)();
        match (wish, prepared) {
            (ClusterChange::Resize { count, nodegroup, nodes_to_remove }, _) => {
                let nodegroup = nodegroup.as_deref();
                let leaving = leaving(record, nodegroup, nodes_to_remove)?;
                change::resize(record, *count, nodegroup, &leaving, now).map_err(only)
            }
            (ClusterChange::Upgrade { nodegroup, max_batch_size, .. }, Prepared::Upgrade { template, inventory }) => {
                let (before, after) = accept::upgrade(record, template, &self.drivers, inventory)?;
                let target = Target {
                    image: after.facts.image(),
                    group: nodegroup.clone(),
                    batch: *max_batch_size,
                    before,
                    after,
                };
                change::upgrade(record, target, now).map_err(only)
            }
            (ClusterChange::CreateNodegroup { nodegroup }, Prepared::Group { inventory }) => {
                let group = accept::node_group(record, nodegroup, &self.drivers, inventory)?;
                let bounds = (nodegroup.min_node_count, nodegroup.max_node_count);
                change::create_group(record, group, bounds, now).map_err(only)
            }
            (ClusterChange::UpdateNodegroup { nodegroup, min_node_count, max_node_count }, _) => {
                change::update_group(record, nodegroup, *min_node_count, *max_node_count).map_err(only)
            }
            (ClusterChange::DeleteNodegroup { nodegroup }, _) => {
                change::delete_group(record, nodegroup, now).map_err(only)
            }
            (ClusterChange::RotateCa { max_batch_size }, _) => {
                change::rotate_ca(record, *max_batch_size, now).map_err(only)
            }
            (ClusterChange::RotateCredential, _) => {
                provisions::has_credential(record, &self.drivers).map_err(only)?;
                change::rotate_credential(record, now).map_err(only)
            }
            (wish, _) => change::steer(record, wish, now).map_err(only),
        }
    }

    /// A CA of the generation after the present one. One that a refused rotation left is replaced.
    fn next_keys(&self, record: &ClusterRecord) -> Result<Secrets, Vec<Problem>> {
        let generation = change::next_generation(record);
        let (certificate, key) = pki::next_authority(&record.cluster.name, (self.clock)()).map_err(only)?;
        Ok([("ca_cert", SecretString::from(certificate)), ("ca_key", key)]
            .map(|(name, value)| (keys::name(name, generation), value))
            .into())
    }

    /// By uuid, also a hidden one; else by name.
    pub(super) async fn meant_template(&self, wanted: &str) -> Result<ClusterTemplate, Problem> {
        if let Ok(id) = wanted.parse()
            && let Some(template) = self.template(id).await?
        {
            return Ok(template);
        }
        accept::find_template(wanted, &self.templates().await?, &self.cloud.identity.scope.project_id).cloned()
    }

    /// One that this project may change and delete.
    pub(super) async fn own_template(&self, id: TemplateId) -> Result<ClusterTemplate, Problem> {
        let found = self.template(id).await?;
        let template = found.ok_or_else(|| Problem::not_found(format!("there is no cluster template {id}")))?;
        if template.project_id != self.cloud.identity.scope.project_id {
            let told =
                format!("cluster template \"{}\" belongs to project {}", template.spec.name, template.project_id);
            let advice = "Only that project changes or deletes it; make one of your own after it";
            return Err(Problem::new(ProblemKind::Denied, told).advise(advice));
        }
        Ok(template)
    }

    pub(super) async fn patch_template(
        &self,
        id: TemplateId,
        patches: &[Patch],
    ) -> Result<ClusterTemplate, Vec<Problem>> {
        let scope = &self.cloud.identity.scope;
        let known = self.own_template(id).await.map_err(only)?;
        let spec = patch::template(&known.spec, patches)?;
        if spec == known.spec {
            return Ok(known);
        }
        let users = self.store.template_users(scope, id).await.map_err(only)?;
        if known.spec.public && !spec.public && users.others > 0 {
            let told = format!("cluster template \"{}\" is used by {users}", known.spec.name);
            let advice = "Hide it instead: no list has it then, and these clusters still find it";
            return Err(only(Problem::conflict(told).on_field("public").advise(advice)));
        }
        let deep = patches.iter().map(|patch| patch.target().0).find(|field| !patch::HARMLESS.contains(field));
        if let Some(field) = deep.filter(|_| !users.is_empty()) {
            let told = format!("cluster template \"{}\" is used by {users}", known.spec.name);
            let advice =
                format!("While it is, only {} can be changed; make another template", patch::HARMLESS.join(", "));
            return Err(only(Problem::conflict(told).on_field(field).advise(advice)));
        }
        let mut changed = if deep.is_some() {
            let cloud = self.whole_inventory().await?;
            accept::template(spec, &self.drivers, &cloud, &self.cloud.identity, id, known.created_at)?
        } else {
            let found = crate::model::validate::template_shape(&spec);
            if !found.is_empty() {
                return Err(found);
            }
            ClusterTemplate { spec, auth_url: self.cloud.identity.keystone().to_owned(), ..known.clone() }
        };
        changed.user_id = known.user_id;
        changed.updated_at = Some((self.clock)());
        if !self.store.save_template(scope, &changed).await.map_err(only)? {
            return Err(only(Problem::not_found(format!("there is no cluster template {id}"))));
        }
        tracing::info!(template = %id, name = changed.spec.name, "template changed");
        self.poke();
        Ok(changed)
    }
}

/// The indexes of the nodes named.
fn leaving(record: &ClusterRecord, nodegroup: Option<&str>, wanted: &[String]) -> Result<BTreeSet<u32>, Vec<Problem>> {
    let found = wanted.iter().map(|name| change::node_index(record, nodegroup, name));
    let (good, bad): (Vec<_>, Vec<_>) = found.partition(Result::is_ok);
    let bad: Vec<Problem> = bad.into_iter().filter_map(Result::err).collect();
    if bad.is_empty() { Ok(good.into_iter().flatten().collect()) } else { Err(bad) }
}

/// Whether the change begins something that has an end of its own.
fn begins(wish: &ClusterChange) -> bool {
    let aside = matches!(
        wish,
        ClusterChange::Pause | ClusterChange::Resume | ClusterChange::Cancel | ClusterChange::UpdateNodegroup { .. }
    );
    !aside
}

/// For the history: the command's name, and what was asked for.
fn wording(wish: &ClusterChange) -> (&'static str, String) {
    let of = |group: &Option<String>| group.as_ref().map(|group| format!(", node group {group}")).unwrap_or_default();
    match wish {
        ClusterChange::Resize { count, nodegroup, nodes_to_remove } => {
            let without = if nodes_to_remove.is_empty() {
                String::new()
            } else {
                format!(", without {}", nodes_to_remove.join(", "))
            };
            ("resize", format!("to {count}{}{without}", of(nodegroup)))
        }
        ClusterChange::Upgrade { template, nodegroup, .. } => ("upgrade", format!("to {template}{}", of(nodegroup))),
        ClusterChange::RotateCa { .. } => ("ca-rotate", String::new()),
        ClusterChange::RotateCredential => ("credential-rotate", String::new()),
        ClusterChange::CreateNodegroup { nodegroup } => {
            let NewNodeGroup { name, node_count, .. } = nodegroup.as_ref();
            ("nodegroup-create", format!("{name}, {}", text::counted(*node_count, "node")))
        }
        ClusterChange::UpdateNodegroup { nodegroup, .. } => ("nodegroup-update", nodegroup.clone()),
        ClusterChange::DeleteNodegroup { nodegroup } => ("nodegroup-delete", nodegroup.clone()),
        ClusterChange::Pause => ("pause", String::new()),
        ClusterChange::Resume => ("resume", String::new()),
        ClusterChange::Retry => ("retry", String::new()),
        ClusterChange::Rollback => ("rollback", String::new()),
        ClusterChange::Cancel => ("cancel", String::new()),
    }
}
