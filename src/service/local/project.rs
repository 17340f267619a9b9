//! What is looked at and changed beside clusters: images, limits, and what happened lately.

use futures_util::StreamExt;
use futures_util::stream;

use super::{LocalManager, only};
use crate::model::image::Properties;
use crate::model::quota::CLUSTER;
use crate::model::service_quota::Item;
use crate::model::{ClusterId, Image, NewImage, Problem, ServiceQuota, StackEvent};
use crate::service::Manager;

/// So many clusters' events are read, so many at a time: each is a call of its own or more.
const LATEST: usize = 12;
const AT_ONCE: usize = 4;

impl LocalManager {
    pub(super) async fn describe_image(&self, id: &str, properties: &Properties) -> Result<Image, Vec<Problem>> {
        let found = properties.shape();
        if !found.is_empty() {
            return Err(found);
        }
        let image = self.cloud.images.set_image(id, properties).await.map_err(only)?;
        let image = image.ok_or_else(|| only(Problem::not_found(format!("there is no image {id}"))))?;
        tracing::info!(image = id, distro = image.os_distro, "image described");
        Ok(image)
    }

    pub(super) async fn fetch_image(&self, wish: &NewImage) -> Result<Image, Vec<Problem>> {
        let found = wish.shape();
        if !found.is_empty() {
            return Err(found);
        }
        let image = self.cloud.images.import_image(wish).await.map_err(only)?;
        tracing::info!(image = image.id, name = image.name, "image is being imported");
        Ok(image)
    }

    pub(super) async fn all_limits(&self) -> (Vec<ServiceQuota>, Vec<Problem>) {
        let scope = &self.cloud.identity.scope;
        let (answers, quotas, clusters) =
            tokio::join!(self.service_quotas(), self.quotas(), self.store.cluster_ids(scope));
        let (mut all, mut problems) = (Vec::new(), Vec::new());
        match (quotas, clusters.map_err(Problem::from)) {
            (Ok(quotas), Ok(clusters)) => {
                let own = quotas.iter().find(|one| one.project_id == scope.project_id && one.resource == CLUSTER);
                let limit = own.map(|quota| quota.hard_limit.into());
                all.push(ServiceQuota { item: Item::Clusters, limit, used: clusters.len() as u64 });
            }
            (Err(problem), _) | (_, Err(problem)) => problems.push(problem),
        }
        for (service, answer) in answers {
            match answer {
                Ok(quotas) => all.extend(quotas),
                Err(error) => {
                    let problem = Problem::from(error);
                    let summary = format!("quotas of {service} could not be looked at: {}", problem.summary);
                    problems.push(Problem { summary, ..problem });
                }
            }
        }
        (all, problems)
    }

    pub(super) async fn latest_events(&self) -> (Vec<(ClusterId, Vec<StackEvent>)>, Vec<Problem>) {
        let mut clusters = Vec::new();
        if let Err(problem) = self.each_record(|record| clusters.push((record.cluster.status_since, record.id()))).await
        {
            return (Vec::new(), vec![problem]);
        }
        clusters.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
        let ids = clusters.into_iter().map(|(_, id)| id).take(LATEST);
        let reads = ids.map(|id| async move { (id, self.events(id).await) });
        let answers: Vec<_> = stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
        let (mut all, mut problems): (Vec<_>, Vec<Problem>) = (Vec::new(), Vec::new());
        for (id, answer) in answers {
            match answer {
                Ok(events) => all.push((id, events)),
                // A service that is down says the same for each.
                Err(problem) if problems.iter().all(|known| known.summary != problem.summary) => problems.push(problem),
                Err(_) => {}
            }
        }
        (all, problems)
    }
}
