//! `jeroboam cluster create --dry-run`: what would be made, and what speaks against it.

use std::io::Write;

use super::args::Format;
use super::fault::{Done, Exit, Fault};
use super::output::{Terminal, table};
use crate::model::{Check, NewCluster, QuotaUse};
use crate::service::Manager;
use crate::service::preview::{PlanSheet, Preview};

/// Shows it on stdout; fails when the create would.
pub async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>, wish: NewCluster) -> Done {
    let preview = manager.preview_cluster(wish).await?;
    if terminal.format == Format::Table {
        text(terminal.out, &preview)?;
    } else {
        terminal.value(&preview)?;
    }
    let errors = preview.errors().count();
    if errors == 0 {
        return terminal.note("Nothing was created: this was a dry run");
    }
    let told = format!(
        "cluster \"{}\" would be refused: {errors} {}",
        preview.wish.name,
        if errors == 1 { "error" } else { "errors" }
    );
    Err(Fault::with(Exit::Failed, crate::model::Problem::invalid(told).advise("CHECKS says which")))
}

/// What should be read before a cluster is made although it stops nothing. With errors, they
/// alone count, and the create tells them.
pub async fn remarks(manager: &dyn Manager, terminal: &mut Terminal<'_>, wish: &NewCluster) -> Done {
    // What cannot be looked at now, the create itself will tell.
    let Ok(preview) = manager.preview_cluster(wish.clone()).await else { return Ok(()) };
    let remarks = if preview.errors().next().is_some() { &[] } else { preview.checks.as_slice() };
    for check in remarks {
        terminal.note(&check.line())?;
    }
    Ok(())
}

fn text(out: &mut dyn Write, preview: &Preview) -> Done {
    let wish = &preview.wish;
    let driver = preview.driver.as_ref().map(|driver| format!(" by driver {driver}")).unwrap_or_default();
    writeln!(
        out,
        "Cluster {} of template {}{driver}: {} masters, {} workers",
        wish.name, wish.cluster_template_id, wish.master_count, wish.node_count
    )?;
    heading(out, "CHECKS")?;
    if preview.checks.is_empty() {
        writeln!(out, "nothing found")?;
    }
    table(out, preview.checks.iter().flat_map(check_rows).collect())?;
    if !preview.resources.is_empty() {
        heading(out, "RESOURCES")?;
        let rows = preview.resources.iter().map(|counted| vec![counted.kind.clone(), counted.count.to_string()]);
        table(out, rows.collect())?;
    }
    if !preview.quotas.is_empty() {
        heading(out, "QUOTAS")?;
        let head = ["SERVICE", "WHAT", "NEEDED", "LEFT", "USED", "LIMIT"].map(str::to_owned).to_vec();
        table(out, std::iter::once(head).chain(preview.quotas.iter().map(quota_row)).collect())?;
    }
    if !preview.labels.is_empty() {
        heading(out, "LABELS")?;
        table(out, super::label::origin_rows(&preview.labels))?;
    }
    preview.plan.as_ref().map_or(Ok(()), |plan| plan_text(out, plan))
}

fn plan_text(out: &mut dyn Write, plan: &PlanSheet) -> Done {
    heading(out, "STACK")?;
    let wait = plan.wait_condition_timeout.map(|seconds| format!("{seconds} s")).unwrap_or_else(|| "-".into());
    table(
        out,
        [
            ("name", plan.stack_name.clone()),
            ("create time-out", format!("{} min", plan.timeout_mins)),
            ("wait condition time-out", wait),
            ("tags", plan.tags.join(", ")),
        ]
        .map(|(name, value)| vec![name.to_owned(), value])
        .to_vec(),
    )?;
    heading(out, "PARAMETERS")?;
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    table(out, plan.parameters.iter().map(|(name, value)| vec![name.clone(), text(value)]).collect())?;
    for name in &plan.environment_files {
        heading(out, &format!("ENVIRONMENT {name}"))?;
        writeln!(out, "{}", plan.files.get(name).map(|text| text.trim_end()).unwrap_or_default())?;
    }
    heading(out, "FILES")?;
    for name in plan.files.keys().filter(|name| !plan.environment_files.contains(name)) {
        writeln!(out, "{name}")?;
    }
    heading(out, "TEMPLATE")?;
    Ok(writeln!(out, "{}", plan.template.trim_end())?)
}

fn heading(out: &mut dyn Write, title: &str) -> Done {
    Ok(writeln!(out, "\n{title}")?)
}

fn check_rows(check: &Check) -> Vec<Vec<String>> {
    let field = check.field.clone().unwrap_or_else(|| "-".into());
    let mut rows = vec![vec![check.severity.word().to_owned(), field, check.found.clone()]];
    if let Some(advice) = &check.advice {
        rows.push(vec![String::new(), String::new(), format!("→ {advice}")]);
    }
    rows
}

fn quota_row(quota: &QuotaUse) -> Vec<String> {
    let unit = quota.item.unit();
    let amount = |amount: u64| format!("{amount}{unit}");
    let or_any = |amount: Option<u64>| amount.map_or_else(|| "no limit".to_owned(), |amount| format!("{amount}{unit}"));
    vec![
        quota.item.service().to_owned(),
        quota.item.to_string(),
        amount(quota.needed),
        or_any(quota.left()),
        amount(quota.used),
        or_any(quota.limit),
    ]
}
