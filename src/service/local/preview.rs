//! Looks at a wish from all sides before anything is made: the rules, the plan it comes
//! to, and what that takes of the project's quotas. Creating and previewing are the same
//! look, so that one never says yes where the other says no.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use uuid::Uuid;

use super::{LocalManager, accept, only};
use crate::cloud::{CloudError, LoginLife};
use crate::conductor::provisions;
use crate::driver::{Parameter, StackPlan, needs};
use crate::hot::Made;
use crate::model::checks::{self, LoginEnds, Wanted};
use crate::model::labels::catalogue;
use crate::model::labels::origin::{self, Origin};
use crate::model::validate::{self, Inventory};
use crate::model::{Check, ClusterId, ClusterTemplate, NewCluster, Problem, ServiceQuota, Severity, service_quota};
use crate::pki;
use crate::service::preview::{Counted, PlanSheet, Preview};
use crate::store::{ClusterRecord, Secrets};

/// What a look at a wish gives.
pub(super) struct Look {
    pub preview: Preview,
    /// What would be stored, or everything that speaks against it.
    pub accepted: Result<(ClusterRecord, Secrets), Vec<Problem>>,
}

/// What the cloud says, each part or why it is missing.
struct Seen {
    inventory: Inventory,
    problems: Vec<Problem>,
    quotas: Vec<(&'static str, Result<Vec<ServiceQuota>, CloudError>)>,
    life: Result<LoginLife, CloudError>,
}

impl LocalManager {
    pub(super) async fn service_quotas(&self) -> Vec<(&'static str, Result<Vec<ServiceQuota>, CloudError>)> {
        join_all(self.cloud.quotas.iter().map(|one| async { (one.service(), one.quotas().await) })).await
    }

    /// External networks that the existing network leads to, asked for only where it matters.
    async fn ways_out(&self, wish: &NewCluster, template: &ClusterTemplate, cloud: &Inventory) -> Option<Vec<String>> {
        let name = wish.fixed_network.as_deref().or(template.spec.fixed_network.as_deref())?;
        let network = cloud.networks.iter().find(|network| network.id == name || network.name == name)?;
        // Without an answer, nothing is claimed.
        self.cloud.networking.ways_out(&network.id).await.ok()
    }

    pub(super) async fn look(&self, wish: NewCluster) -> Result<Look, Vec<Problem>> {
        let (template, (inventory, problems), quotas, life) = tokio::join!(
            self.meant_template(&wish.cluster_template_id),
            super::Manager::inventory(self),
            self.service_quotas(),
            self.cloud.login.life()
        );
        let template = template.map_err(only)?;
        let ways_out = self.ways_out(&wish, &template, &inventory).await;
        Ok(self.judge(wish, &template, &Seen { inventory, problems, quotas, life }, ways_out.as_deref()))
    }

    fn judge(&self, wish: NewCluster, template: &ClusterTemplate, seen: &Seen, ways_out: Option<&[String]>) -> Look {
        let now = (self.clock)();
        // Both kinds are told; problems keep what sort of failure they are.
        let (mut problems, mut checks) = (seen.problems.clone(), Vec::new());
        let labels = origin::merged(&template.spec.labels, &wish.labels, wish.merge_labels);
        let driver = accept::driver_of(&template.spec, &self.drivers, &seen.inventory).ok();
        let sheets = &seen.inventory.sheets;
        let own = driver.and_then(|driver| sheets.iter().find(|sheet| sheet.driver == driver.manifest.name));
        let (mut resources, mut quotas, mut plan, mut stored) = (Vec::new(), Vec::new(), None, None);
        // With lists that could not be had, everything would look missing.
        if seen.problems.is_empty() {
            let login = login_ends(seen, &mut checks);
            let lb = wish.master_lb_enabled.unwrap_or(template.spec.master_lb_enabled);
            // What follows from a value that cannot be is no news.
            let sound = validate::cluster_shape(&wish, lb).is_empty();
            checks.extend(
                sound
                    .then(|| {
                        checks::cluster(&Wanted {
                            wish: &wish,
                            template: &template.spec,
                            labels: &labels,
                            cloud: &seen.inventory,
                            sheet: own,
                            ways_out,
                            login: &login,
                            now,
                        })
                    })
                    .into_iter()
                    .flatten(),
            );
            checks.extend(catalogue::checks(&labels, own, sheets));
            let planned = self.planned(&wish, template, &seen.inventory).map_err(|found| problems.extend(found));
            if let Ok((record, secrets, made_plan, made)) = planned {
                let needs = needs::needs(&made, &seen.inventory.flavors);
                quotas = service_quota::uses(&needs, &known(seen, &mut checks));
                checks.extend(service_quota::checks(&quotas));
                let most = labels.get("max_node_count").and_then(|text| text.parse().ok());
                checks.extend(most.and_then(|most| service_quota::ceiling(&quotas, most)));
                resources = counted(made.iter().map(|made| made.kind.as_str()));
                plan = Some(shown(made_plan));
                stored = Some((record, secrets));
            }
        }
        // The rules say it best; labels are many in one field.
        let told = |check: &Check| {
            check.field.as_deref() != Some("labels")
                && problems.iter().any(|problem| problem.field.is_some() && problem.field == check.field)
        };
        checks.retain(|check| check.severity != Severity::Error || !told(check));
        let errors = checks.iter().filter(|check| check.severity == Severity::Error).cloned().map(Problem::from);
        let refused = once(problems.iter().cloned().chain(errors), |problem| &problem.summary);
        let mut checks = once(problems.into_iter().map(Check::from).chain(checks), |check| &check.found);
        checks.sort_by_key(|check| check.severity);
        let levels = [(Origin::Template, &template.spec.labels), (Origin::Cluster, &labels)];
        let labels = origin::effective(own, &levels);
        let driver = driver.map(|driver| driver.manifest.name.clone());
        let preview = Preview { wish, driver, checks, resources, quotas, labels, plan };
        Look { preview, accepted: stored.filter(|_| refused.is_empty()).ok_or(refused) }
    }

    /// The record, its secrets, what Heat would be sent and what it would make of it.
    fn planned(
        &self,
        wish: &NewCluster,
        template: &ClusterTemplate,
        cloud: &Inventory,
    ) -> Result<(ClusterRecord, Secrets, StackPlan, Vec<Made>), Vec<Problem>> {
        let (who, id, now) = (&self.cloud.identity, ClusterId(Uuid::new_v4()), (self.clock)());
        let mut record = accept::cluster(wish, template, &self.drivers, cloud, who, id, now)?;
        if self.options.outside.keys_in_barbican {
            let label = record.cluster.labels.0.entry(provisions::CERT_MANAGER.into());
            label.or_insert_with(|| provisions::BARBICAN.into());
        }
        let (may, has) = (self.cloud.delegation.may_delegate(), self.cloud.has("key-manager"));
        if let Some(problem) = provisions::refusal(&record, &self.drivers, may, has) {
            return Err(vec![problem]);
        }
        let missing = self
            .drivers
            .get(&record.cluster.driver)
            .map(|driver| driver.missing_addons(&record.plan_input(&Secrets::new())));
        if let Some(problems) = missing.filter(|problems| !problems.is_empty()) {
            return Err(problems);
        }
        let mut secrets = pki::generate(&record.cluster.name, now).map_err(only)?;
        provisions::placeholders(&mut secrets);
        let plan = accept::plan(&record, &self.drivers, &secrets).map_err(only)?;
        let made = needs::resources(&plan).map_err(only)?;
        Ok((record, secrets, plan, made))
    }
}

/// Quotas as far as they are known; a service that does not answer is told of and stops nothing.
fn known(seen: &Seen, checks: &mut Vec<Check>) -> Vec<ServiceQuota> {
    let mut all = Vec::new();
    for (service, answer) in &seen.quotas {
        match answer {
            Ok(quotas) => all.extend(quotas.iter().cloned()),
            Err(error) => {
                let problem = Problem::from(error.clone());
                let told = format!(
                    "quotas of {service} could not be looked at, so nothing was compared with them: {}",
                    problem.summary
                );
                checks.push(Check::unseen(&Problem { summary: told, ..problem }));
            }
        }
    }
    all
}

fn login_ends(seen: &Seen, checks: &mut Vec<Check>) -> LoginEnds {
    match &seen.life {
        Ok(life) => {
            LoginEnds { token: life.token_ends, token_lives: life.token_lives, credential: life.credential_ends }
        }
        Err(error) => {
            let problem = Problem::from(error.clone());
            let told = format!("how long the login lasts could not be looked at: {}", problem.summary);
            checks.push(Check::unseen(&Problem { summary: told, ..problem }));
            LoginEnds::default()
        }
    }
}

fn counted<'a>(kinds: impl Iterator<Item = &'a str>) -> Vec<Counted> {
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    kinds.for_each(|kind| *all.entry(kind).or_default() += 1);
    all.into_iter().map(|(kind, count)| Counted { kind: kind.to_owned(), count }).collect()
}

fn shown(plan: StackPlan) -> PlanSheet {
    let parameters: BTreeMap<String, serde_json::Value> = plan
        .parameters
        .into_iter()
        .map(|(name, value)| match value {
            Parameter::Plain(value) => (name, value),
            Parameter::Secret(_) => (name, "[secret]".into()),
        })
        .collect();
    PlanSheet {
        stack_name: plan.stack_name,
        timeout_mins: plan.timeout_mins,
        wait_condition_timeout: parameters.get("wait_condition_timeout").and_then(serde_json::Value::as_u64),
        tags: plan.tags,
        parameters,
        template: plan.template,
        environment_files: plan.environment_files,
        files: plan.files,
    }
}

/// Each once, though two rules may meet the same fault.
fn once<T>(all: impl Iterator<Item = T>, told: impl Fn(&T) -> &String) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for one in all {
        if kept.iter().all(|known| told(known) != told(&one)) {
            kept.push(one);
        }
    }
    kept
}
