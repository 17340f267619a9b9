//! `jeroboam cluster …`

use std::collections::HashSet;

use chrono::Utc;
use serde_json::json;

use super::args::{ClusterCreate, ClusterDelete, ClusterEvents, ClusterShow, Format};
use super::fault::{Done, Exit, Failures, Fault};
use super::output::{Column, Terminal, or_dash, table};
use super::wait::{self, Until};
use super::{ask, ca, either, find, label, labels, preview};
use crate::model::{Action, Authority, Cluster, NewCluster, Problem, StackEvent, TimeOut, text, timeout};
use crate::service::{Change, Manager};

const COLUMNS: [Column<Cluster>; 9] = [
    ("UUID", |c| c.uuid.to_string()),
    ("NAME", |c| c.name.clone()),
    ("KEYPAIR", |c| or_dash(c.keypair.as_deref())),
    ("NODE_COUNT", |c| c.node_count.to_string()),
    ("MASTER_COUNT", |c| c.master_count.to_string()),
    ("STATUS", |c| c.status.to_string()),
    ("HEALTH_STATUS", |c| or_dash(c.health.as_ref().map(|health| health.status.word()))),
    ("TEMPLATE", |c| c.template_name.clone()),
    ("API_ADDRESS", |c| or_dash(c.api_address.as_deref())),
];

/// What the flags ask for; fails on labels only.
pub fn wish(args: &ClusterCreate) -> Result<NewCluster, Problem> {
    Ok(NewCluster {
        name: args.name.clone(),
        cluster_template_id: args.cluster_template.clone(),
        keypair: args.keypair.clone(),
        node_count: args.node_count,
        master_count: args.master_count,
        docker_volume_size: args.docker_volume_size,
        flavor_id: args.flavor.clone(),
        master_flavor_id: args.master_flavor.clone(),
        fixed_network: args.fixed_network.clone(),
        fixed_subnet: args.fixed_subnet.clone(),
        floating_ip_enabled: either(args.floating_ip.floating_ip_enabled, args.floating_ip.floating_ip_disabled),
        master_lb_enabled: either(args.master_lb_enabled, args.master_lb_disabled),
        create_timeout: args.timeout,
        labels: labels(&args.labels)?,
        merge_labels: args.merge_labels,
    })
}

pub async fn create(manager: &dyn Manager, terminal: &mut Terminal<'_>, wish: NewCluster, waits: bool) -> Done {
    preview::remarks(manager, terminal, &wish).await?;
    let cluster = manager.create_cluster(wish).await?;
    terminal.note(&format!("Cluster {} ({}) is accepted", cluster.name, cluster.uuid))?;
    if waits {
        return settle(manager, terminal, cluster).await;
    }
    left_behind(terminal, &cluster)?;
    terminal.show(&cluster)
}

pub async fn list(manager: &dyn Manager, terminal: &mut Terminal<'_>) -> Done {
    let mut clusters = manager.clusters().await?;
    clusters.sort_by(|a, b| (&a.name, a.uuid).cmp(&(&b.name, b.uuid)));
    // Each is a look of its own into the store's secrets: of a large fleet, only its oldest.
    let mut oldest: Vec<&Cluster> = clusters.iter().collect();
    oldest.sort_by_key(|cluster| cluster.created_at);
    for cluster in oldest.into_iter().take(WARNED) {
        warn_of_expiry(manager, terminal, cluster).await?;
    }
    terminal.list(&clusters, &COLUMNS)
}

pub async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>, args: &ClusterShow) -> Done {
    let cluster = find::cluster(manager, &args.cluster.name).await?;
    if args.labels {
        return label::origins(terminal, &manager.labels(cluster.uuid).await?);
    }
    warn_of_expiry(manager, terminal, &cluster).await?;
    if args.wait { settle(manager, terminal, cluster).await } else { with_time_outs(manager, terminal, &cluster).await }
}

/// While something is under way, with what is left of its time-outs.
async fn with_time_outs(manager: &dyn Manager, terminal: &mut Terminal<'_>, cluster: &Cluster) -> Done {
    let moving = cluster.status.is_in_progress();
    // Without the stack's resources, the create's own is still known.
    let resources = if moving { manager.resources(cluster.uuid).await.unwrap_or_default() } else { Vec::new() };
    let running = timeout::running(cluster, &resources, Utc::now());
    if running.is_empty() {
        return terminal.show(cluster);
    }
    let time_outs = match terminal.format {
        Format::Table => json!(running.iter().map(TimeOut::line).collect::<Vec<_>>()),
        _ => json!(running),
    };
    let mut shown = json!(cluster);
    shown["time_outs"] = time_outs;
    terminal.show(&shown)
}

/// Clusters of a list whose authorities are looked at; authorities last five years, so the oldest end first.
const WARNED: usize = 20;

/// Says on stderr when the cluster's authority ends soon. One that cannot be read is told by who needs it.
async fn warn_of_expiry(manager: &dyn Manager, terminal: &mut Terminal<'_>, cluster: &Cluster) -> Done {
    let Ok(authority) = manager.ca_certificate(cluster.uuid, Authority::Kubernetes).await else { return Ok(()) };
    match ca::expiry(&cluster.name, &authority, Utc::now()) {
        Some(warning) => terminal.note(&warning),
        None => Ok(()),
    }
}

/// Waits until nothing is under way, shows what came out, and fails when that is a failure.
pub async fn settle(manager: &dyn Manager, terminal: &mut Terminal<'_>, cluster: Cluster) -> Done {
    let Some(mut end) = wait::wait(manager, terminal, cluster, Until::Settled).await? else { return Ok(()) };
    // How far it was is said where it is drawn; at rest it would only be old.
    end.progress = None;
    terminal.show(&end)?;
    if end.status.is_failed() { Err(failure(&end)) } else { Ok(()) }
}

/// Before anything is connected: whether there is anybody to ask.
pub fn delete_needs(terminal: &Terminal<'_>, args: &ClusterDelete) -> Done {
    if args.yes || terminal.asks {
        return Ok(());
    }
    let names: Vec<String> = args.clusters.names.iter().map(|name| format!("\"{name}\"")).collect();
    let what = if names.len() == 1 { "cluster" } else { "clusters" };
    let told = format!("deleting {what} {} needs a yes, and there is no terminal to ask on", names.join(", "));
    Err(Fault::usage(Problem::invalid(told).advise("Add --yes")))
}

/// Looks all up and asks for each before anything is deleted; then one that fails stops no other.
pub async fn delete(manager: &dyn Manager, terminal: &mut Terminal<'_>, args: &ClusterDelete) -> Done {
    let clusters = find::clusters(manager, &args.clusters.names).await?;
    if !args.yes {
        clusters.iter().try_for_each(confirm)?;
    }
    let mut failures = Failures::of(clusters.len());
    let mut accepted = Vec::new();
    for cluster in clusters {
        let accepted_or_not = if args.volumes {
            manager.delete_cluster_and_volumes(cluster.uuid).await
        } else {
            manager.delete_cluster(cluster.uuid).await
        };
        if let Err(problem) = accepted_or_not {
            failures.add("cluster", &cluster.name, problem.into());
            continue;
        }
        terminal.note(&format!("The delete of cluster {} ({}) is accepted", cluster.name, cluster.uuid))?;
        if !args.wait {
            left_behind(terminal, &cluster)?;
        }
        accepted.push(cluster);
    }
    // The work on all of them goes on side by side, whichever is looked at first.
    for cluster in accepted.into_iter().filter(|_| args.wait) {
        let name = cluster.name.clone();
        match wait::wait(manager, terminal, cluster, Until::Gone).await {
            Ok(None) => terminal.note(&format!("Cluster {name} is deleted"))?,
            Ok(Some(end)) => failures.add("cluster", &name, failure(&end)),
            Err(fault @ Fault::Told { exit: Exit::Interrupted | Exit::Terminated, .. }) => return Err(fault),
            Err(Fault::Unread) => return Err(Fault::Unread),
            Err(fault) => failures.add("cluster", &name, fault),
        }
    }
    failures.end()
}

fn confirm(cluster: &Cluster) -> Done {
    let question = format!(
        "Cluster {} ({}), {} and {}, will be deleted with everything on it.\nType its name to confirm: ",
        cluster.name,
        cluster.uuid,
        text::counted(cluster.master_count, "master"),
        text::counted(cluster.node_count, "worker")
    );
    if ask::line(&question)?.trim() != cluster.name {
        return Err(Problem::conflict("that is not its name: nothing was deleted").into());
    }
    Ok(())
}

pub async fn events(manager: &dyn Manager, terminal: &mut Terminal<'_>, args: &ClusterEvents) -> Done {
    let cluster = find::cluster(manager, &args.cluster.name).await?;
    let mut changes = manager.subscribe();
    if !args.follow {
        let events = manager.events(cluster.uuid).await?;
        return terminal.list(&events, &EVENT_COLUMNS);
    }
    manager.watch(Some(cluster.uuid));
    let interrupted = wait::interrupted();
    tokio::pin!(interrupted);
    let mut seen = HashSet::new();
    let mut fresh = tokio::select! {
        events = manager.events(cluster.uuid) => events?,
        exit = &mut interrupted => return Err(Fault::Told { exit, problems: Vec::new() }),
    };
    loop {
        for event in fresh.drain(..).filter(|event| !seen.contains(&event.id)).collect::<Vec<_>>() {
            event_line(terminal, &event)?;
            seen.insert(event.id);
        }
        tokio::select! {
            exit = &mut interrupted => return Err(Fault::Told { exit, problems: Vec::new() }),
            change = changes.recv() => match change {
                Some(Change::Events { id, events }) if id == cluster.uuid => fresh = events,
                Some(Change::ClusterGone { id, .. }) if id == cluster.uuid => {
                    return terminal.note(&format!("Cluster {} is gone", cluster.name));
                }
                Some(Change::Trouble { problem: Some(problem) }) => terminal.note(&format!("{problem}"))?,
                Some(_) => {}
                None => return Err(wait::stopped()),
            },
        }
    }
}

const EVENT_COLUMNS: [Column<StackEvent>; 4] = [
    ("TIME", |e| stamp(e)),
    ("RESOURCE", |e| address(e)),
    ("STATUS", |e| e.status.to_string()),
    ("REASON", |e| e.reason.clone()),
];

/// Lines that come one by one cannot know the widest; most resources fit in these.
fn event_line(terminal: &mut Terminal<'_>, event: &StackEvent) -> Done {
    if terminal.format != super::args::Format::Table {
        return terminal.stream(event);
    }
    let row =
        vec![stamp(event), format!("{:<32}", address(event)), format!("{:<18}", event.status), event.reason.clone()];
    Ok(table(terminal.out, vec![row])?)
}

fn stamp(event: &StackEvent) -> String {
    event.time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn address(event: &StackEvent) -> String {
    let parts: Vec<&str> = event.path.iter().map(String::as_str).chain([event.resource.as_str()]).collect();
    parts.join(".")
}

/// What a command that does not wait owes the user to know.
pub fn left_behind(terminal: &mut Terminal<'_>, cluster: &Cluster) -> Done {
    terminal.note(&format!(
        "The Jeroboam that runs, or the next one, carries it out; to do it here: jeroboam cluster show {} --wait",
        cluster.uuid
    ))
}

fn failure(cluster: &Cluster) -> Fault {
    let told =
        format!("cluster \"{}\" ended in {}: {}", cluster.name, cluster.status, text::clean(&cluster.status_reason));
    let mut problem = Problem::local(told);
    if let Some(cause) = &cluster.cause {
        let (resource, kind) = (&cause.resource, &cause.kind);
        let physical = Some(cause.physical_id.as_str()).filter(|id| !id.is_empty());
        let id = physical.map(|id| format!(", {id}")).unwrap_or_default();
        let said = problem.summary.contains(&cause.reason);
        let reason = if said { String::new() } else { format!(": {}", cause.reason) };
        problem = problem.advise(format!("It began at {resource} ({kind}{id}){reason}"));
    }
    if cluster.rollout.is_some() && cluster.status.action == Action::Update {
        let known = problem.advice.take().map(|advice| format!("{advice}. ")).unwrap_or_default();
        let name = &cluster.name;
        let ways = format!("Go on: jeroboam cluster retry {name}; or back: jeroboam cluster rollback {name}");
        problem = problem.advise(format!("{known}{ways}"));
    }
    Fault::with(Exit::Failed, problem)
}
