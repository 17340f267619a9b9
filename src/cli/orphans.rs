//! `jeroboam orphans …`: what clusters that are no more left in the project.

use super::args::OrphansRemove;
use super::ask;
use super::fault::{Done, Failures, Fault};
use super::output::{Column, Terminal, or_dash};
use crate::model::{Orphan, Problem};
use crate::service::Manager;

const COLUMNS: [Column<Orphan>; 6] = [
    ("cluster", |orphan| orphan.cluster.to_string()),
    ("what", |orphan| orphan.thing.sort.word().to_owned()),
    ("id", |orphan| orphan.thing.id.clone()),
    ("name", |orphan| or_dash(Some(&orphan.thing.name))),
    ("status", |orphan| or_dash(Some(&orphan.thing.status))),
    ("doubt", |orphan| or_dash(orphan.doubt.map(|doubt| doubt.word()))),
];

pub async fn list(manager: &dyn Manager, terminal: &mut Terminal<'_>) -> Done {
    let orphans = found(manager, terminal).await?;
    terminal.list(&orphans, &COLUMNS)
}

async fn found(manager: &dyn Manager, terminal: &mut Terminal<'_>) -> Result<Vec<Orphan>, Fault> {
    let (orphans, problems) = manager.orphans().await?;
    for problem in problems {
        terminal.note(&format!("Note: {}", problem.line()))?;
    }
    Ok(orphans)
}

/// Before anything is connected: whether there is anybody to ask.
pub fn needs(terminal: &Terminal<'_>, args: &OrphansRemove) -> Done {
    if args.yes || args.dry_run || terminal.asks {
        return Ok(());
    }
    let told = "removing what past clusters left needs a yes, and there is no terminal to ask on";
    Err(Fault::usage(Problem::invalid(told).advise("Add --yes, or look first with --dry-run")))
}

/// Those meant. What is named is meant whatever the doubt; `--all` leaves out what may be somebody's.
fn meant(orphans: Vec<Orphan>, args: &OrphansRemove) -> Result<Vec<Orphan>, Fault> {
    let is = |orphan: &Orphan, id: &String| orphan.thing.id == *id || orphan.cluster.to_string() == *id;
    if let Some(unknown) = args.ids.iter().find(|id| !orphans.iter().any(|orphan| is(orphan, id))) {
        return Err(Problem::not_found(format!("{unknown} is in no line of the list: nothing was removed"))
            .advise("jeroboam orphans list")
            .into());
    }
    let wanted = |orphan: &Orphan| match args.all {
        true => orphan.doubt.is_none(),
        false => args.ids.iter().any(|id| is(orphan, id)),
    };
    Ok(orphans.into_iter().filter(wanted).collect())
}

pub async fn remove(manager: &dyn Manager, terminal: &mut Terminal<'_>, args: &OrphansRemove) -> Done {
    let orphans = meant(found(manager, terminal).await?, args)?;
    if orphans.is_empty() {
        return terminal.note("There is nothing to remove");
    }
    if args.dry_run {
        terminal.note("These would be removed:")?;
        return terminal.list(&orphans, &COLUMNS);
    }
    if !args.yes {
        for orphan in &orphans {
            terminal.note(&orphan.thing.line())?;
        }
        let question = format!("{} things and what is on them will be gone. Type yes to confirm: ", orphans.len());
        if ask::line(&question)?.trim() != "yes" {
            return Err(Problem::conflict("that is not a yes: nothing was removed").into());
        }
    }
    let mut failures = Failures::of(orphans.len());
    for orphan in orphans {
        let line = orphan.thing.line();
        match manager.remove_orphan(&orphan).await {
            Ok(None) => terminal.note(&format!("Removed: {line}"))?,
            Ok(Some(words)) => {
                failures.add(orphan.thing.sort.word(), &orphan.thing.id, Problem::conflict(words).into())
            }
            Err(problem) => failures.add(orphan.thing.sort.word(), &orphan.thing.id, problem.into()),
        }
    }
    failures.end()
}
