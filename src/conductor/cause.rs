//! Why a stack failed, and how far it is, read from its resource tree. Pure.

use std::collections::BTreeSet;

use crate::model::{Action, Progress, RootCause, Stack, StackResource, State};

/// What a look at a failed stack tells.
#[derive(Debug, Clone, Default)]
pub struct Explained {
    /// `None`: the tree does not tell.
    pub cause: Option<RootCause>,
    /// Workers that are complete all the same, by slot and index.
    pub came_up: BTreeSet<(u32, u32)>,
}

/// Words by which Heat marks resources it gave up *because* something else failed.
const FOLLOW_UPS: [&str; 4] = ["aborted", "cancelled", "canceled", "stack deletion was triggered"];

/// The failure where it began: the deepest failed resource that holds no others and was
/// not merely cut off by another's failure, the earliest of them. After a time-out, the
/// resource that was still being waited for. `None`: the tree does not tell.
pub fn root_cause(stack: &Stack, resources: &[StackResource]) -> Option<RootCause> {
    let failed: Vec<&StackResource> = resources.iter().filter(|resource| resource.status.is_failed()).collect();
    let began = |resource: &&&StackResource| !is_follow_up(&resource.status_reason);
    // A container's reason repeats what happened inside; it counts only when its inside is gone.
    let leaf = |resource: &&&StackResource| resource.nested.is_none();
    let first = |candidates: &mut dyn Iterator<Item = &&StackResource>| {
        candidates
            .min_by_key(|resource| (resource.updated.is_none(), resource.updated, usize::MAX - resource.path.len()))
            .map(|resource| told(resource, plain_reason(&resource.status_reason)))
    };
    if let Some(cause) = first(&mut failed.iter().filter(began).filter(leaf)) {
        return Some(cause);
    }
    let cut_short = timed_out(&stack.status_reason) || failed.iter().any(|resource| timed_out(&resource.status_reason));
    if cut_short && let Some(cause) = still_waiting(stack, resources) {
        return Some(cause);
    }
    first(&mut failed.iter().filter(began))
        .or_else(|| first(&mut failed.iter().filter(leaf)))
        .or_else(|| first(&mut failed.iter()))
}

/// The resource a time-out cut off: the one that had been busy longest. Those that wait
/// for other resources have not begun and are not it.
fn still_waiting(stack: &Stack, resources: &[StackResource]) -> Option<RootCause> {
    resources
        .iter()
        .filter(|resource| {
            let cut_off = resource.status.is_failed() && is_follow_up(&resource.status_reason);
            resource.nested.is_none() && (resource.status.is_in_progress() || cut_off)
        })
        .min_by_key(|resource| (resource.updated.is_none(), resource.updated, usize::MAX - resource.path.len()))
        .map(|resource| told(resource, format!("the stack timed out while this was still {}", doing(stack))))
}

fn doing(stack: &Stack) -> &'static str {
    match stack.status.action {
        Action::Create => "being created",
        Action::Delete => "being deleted",
        _ => "being changed",
    }
}

fn told(resource: &StackResource, reason: String) -> RootCause {
    RootCause {
        resource: resource.address(),
        kind: resource.kind.clone(),
        physical_id: resource.physical_id.clone(),
        reason: if reason.is_empty() { format!("{} without a reason", resource.status) } else { reason },
    }
}

fn is_follow_up(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    FOLLOW_UPS.iter().any(|word| reason.contains(word))
}

fn timed_out(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    reason.contains("timed out") || reason.contains("timeout")
}

/// Heat's `ResourceInError: resources.workers.resources[0].resources.server: Went to …`
/// without the path: the resource is named beside it.
fn plain_reason(reason: &str) -> String {
    let Some((class, rest)) = reason.split_once(": resources.") else { return reason.to_owned() };
    match rest.split_once(": ") {
        Some((path, words)) if !path.contains(' ') && !class.contains(' ') => format!("{class}: {words}"),
        _ => reason.to_owned(),
    }
}

/// Counts resources of the tree. `most` is the largest total seen so far in the same
/// operation: a stack being deleted loses its resources one by one.
pub fn progress(action: &Action, resources: &[StackResource], most: usize) -> Progress {
    let total = resources.len().max(most);
    let done = resources.iter().filter(|resource| resource.status.state == State::Complete);
    let complete = if *action == Action::Delete {
        done.filter(|resource| resource.status.action == Action::Delete).count() + (total - resources.len())
    } else {
        done.filter(|resource| !matches!(resource.status.action, Action::Delete) && !is_unborn(resource)).count()
    };
    Progress { complete, total }
}

/// Heat's `INIT_COMPLETE`: planned, not begun.
fn is_unborn(resource: &StackResource) -> bool {
    matches!(&resource.status.action, Action::Other(word) if word == "INIT")
}

#[cfg(test)]
mod tests;
