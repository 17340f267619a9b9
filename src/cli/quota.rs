//! `jeroboam quota …`

use chrono::Utc;
use serde_json::json;

use super::args::{self, QuotaLimit, QuotaOf};
use super::fault::Done;
use super::output::{Column, Terminal};
use crate::model::{Problem, Quota, ServiceQuota, quota};
use crate::service::Manager;

const COLUMNS: &[Column<Quota>] = &[
    ("PROJECT", |quota| quota.project_id.clone()),
    ("RESOURCE", |quota| quota.resource.clone()),
    ("HARD LIMIT", |quota| quota.hard_limit.to_string()),
];

const USAGE: &[Column<ServiceQuota>] = &[
    ("SERVICE", |one| one.item.service().to_owned()),
    ("WHAT", |one| one.item.to_string()),
    ("USED", |one| format!("{}{}", one.used, one.item.unit())),
    ("LIMIT", |one| one.limit.map_or_else(|| "none".to_owned(), |limit| format!("{limit}{}", one.item.unit()))),
];

pub async fn run(manager: &dyn Manager, terminal: &mut Terminal<'_>, wanted: &args::Quota) -> Done {
    match wanted {
        args::Quota::List => terminal.list(&manager.quotas().await?, COLUMNS),
        args::Quota::Show(of) => show(manager, terminal, of).await,
        args::Quota::Create(limit) => create(manager, terminal, limit).await,
        args::Quota::Update(limit) => update(manager, terminal, limit).await,
        args::Quota::Delete(of) => delete(manager, terminal, of).await,
        args::Quota::Usage => usage(manager, terminal).await,
    }
}

/// Project and resource meant, and the quota there is.
async fn find(manager: &dyn Manager, of: &QuotaOf) -> Result<(String, String, Option<Quota>), Problem> {
    let resource = quota::resource(&of.resource)?;
    let project = of.project_id.clone().unwrap_or_else(|| manager.identity().scope.project_id);
    let all = manager.quotas().await?;
    let found = all.into_iter().find(|quota| quota.project_id == project && quota.resource == resource);
    Ok((project, resource, found))
}

fn none(project: &str) -> Problem {
    Problem::not_found(format!("project {project} has no quota")).advise("Make one with `jeroboam quota create`")
}

async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>, of: &QuotaOf) -> Done {
    match find(manager, of).await? {
        (.., Some(quota)) => terminal.show(&quota),
        (project_id, resource, None) => {
            terminal.show(&json!({ "project_id": project_id, "resource": resource, "hard_limit": null }))
        }
    }
}

async fn create(manager: &dyn Manager, terminal: &mut Terminal<'_>, limit: &QuotaLimit) -> Done {
    let (project_id, resource, found) = find(manager, &limit.of).await?;
    if let Some(quota) = found {
        let told = format!("project {project_id} has a quota of {} already", quota.hard_limit);
        return Err(Problem::conflict(told).advise("Change it with `jeroboam quota update`").into());
    }
    let quota = Quota { project_id, resource, hard_limit: limit.hard_limit, created_at: Utc::now(), updated_at: None };
    manager.put_quota(quota.clone()).await?;
    terminal.show(&quota)
}

async fn update(manager: &dyn Manager, terminal: &mut Terminal<'_>, limit: &QuotaLimit) -> Done {
    let (project, _, found) = find(manager, &limit.of).await?;
    let known = found.ok_or_else(|| none(&project))?;
    let quota = Quota { hard_limit: limit.hard_limit, updated_at: Some(Utc::now()), ..known };
    manager.put_quota(quota.clone()).await?;
    terminal.show(&quota)
}

async fn delete(manager: &dyn Manager, terminal: &mut Terminal<'_>, of: &QuotaOf) -> Done {
    let (project, resource, _) = find(manager, of).await?;
    if !manager.remove_quota(&project, &resource).await? {
        return Err(none(&project).into());
    }
    terminal.note(&format!("Project {project} has no limit now"))
}

async fn usage(manager: &dyn Manager, terminal: &mut Terminal<'_>) -> Done {
    let (limits, problems) = manager.limits().await;
    for problem in problems {
        terminal.note(&format!("Note: {}", problem.line()))?;
    }
    terminal.list(&limits, USAGE)
}
