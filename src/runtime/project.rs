//! Tasks about the project beside its clusters, on the manager.

use chrono::Utc;

use crate::model::quota::CLUSTER;
use crate::model::{Problem, Quota};
use crate::service::Manager;
use crate::ui::project::{Task, Told};

pub async fn answer(manager: &dyn Manager, task: Task) -> Told {
    match task {
        Task::Limits => {
            let (limits, problems) = manager.limits().await;
            Told::Limits(limits, problems)
        }
        Task::Orphans => Told::Orphans(manager.orphans().await),
        Task::Events => {
            let (events, problems) = manager.recent_events().await;
            Told::Events(events, problems)
        }
        Task::SetImage(id, properties) => {
            Told::Image(manager.set_image(&id, properties).await.map(|image| (Box::new(image), false)))
        }
        Task::ImportImage(wish) => Told::Image(manager.import_image(wish).await.map(|image| (Box::new(image), true))),
        Task::SetQuota(limit) => Told::Quota(set_quota(manager, limit).await.map(|()| limit)),
        Task::RemoveOrphans(orphans) => {
            // In their order: what holds others goes first.
            let mut told = Vec::new();
            for orphan in orphans {
                let answer = manager.remove_orphan(&orphan).await;
                told.push((orphan, answer));
            }
            Told::Removed(told)
        }
    }
}

/// Of the project that is logged in to.
async fn set_quota(manager: &dyn Manager, limit: Option<u32>) -> Result<(), Problem> {
    let project_id = manager.identity().scope.project_id;
    let Some(hard_limit) = limit else {
        return manager.remove_quota(&project_id, CLUSTER).await.map(|_| ());
    };
    let all = manager.quotas().await?;
    let known = all.into_iter().find(|quota| quota.project_id == project_id && quota.resource == CLUSTER);
    let now = Utc::now();
    let quota = match known {
        Some(known) => Quota { hard_limit, updated_at: Some(now), ..known },
        None => Quota { project_id, resource: CLUSTER.into(), hard_limit, created_at: now, updated_at: None },
    };
    manager.put_quota(quota).await
}
