//! The command line: every command as a few calls of [`Manager`].
//!
//! Knows the service's verbs, the model, drivers, the kubeconfig file and nothing of clouds,
//! stores or stacks; who connects is handed in. stdout gets the result and nothing
//! else, stderr everything meant for a person. Start reading at [`run`].

pub mod args;
pub mod ask;
pub mod driver;
pub mod fault;
pub mod output;
pub mod remote;

pub(crate) mod ca;
mod change;
mod cluster;
mod find;
mod history;
mod image;
mod kubeconfig;
pub mod label;
mod nodegroup;
mod orphans;
mod preview;
mod quota;
mod stats;
mod template;
mod wait;

use std::sync::Arc;

use clap::CommandFactory;

use args::{Ca, Cluster, Credential, Image, Once, Orphans, Template};
use fault::{Done, Fault};
use output::Terminal;

use crate::model::{ClusterChange, Labels, Problem};
use crate::service::Manager;

pub use wait::interrupted;

/// Whether this process offers to do the conductor's work while it runs. Another one
/// that does it already goes on doing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Here,
    Elsewhere,
    /// Nothing but the work: nobody looks on.
    Headless,
}

/// Runs one command on the manager that `connect` brings.
pub async fn run<C>(command: Once, terminal: &mut Terminal<'_>, connect: C) -> Done
where
    C: AsyncFnOnce(Work) -> Result<Arc<dyn Manager>, Fault>,
{
    match command {
        Once::Template(Template::Create(wanted)) => {
            let wish = template::wish(&wanted).map_err(Fault::usage)?;
            template::create(&*connect(Work::Elsewhere).await?, terminal, wish).await
        }
        Once::Template(Template::List) => template::list(&*connect(Work::Elsewhere).await?, terminal).await,
        Once::Template(Template::Show(named)) => {
            template::show(&*connect(Work::Elsewhere).await?, terminal, &named.name).await
        }
        Once::Template(Template::Update(wanted)) => {
            let patches = change::patches(&wanted).map_err(Fault::usage)?;
            template::update(&*connect(Work::Elsewhere).await?, terminal, &wanted.name, patches).await
        }
        Once::Template(Template::Delete(several)) => {
            template::delete(&*connect(Work::Elsewhere).await?, terminal, &several.names).await
        }
        Once::Cluster(Cluster::Create(wanted)) => {
            let wish = cluster::wish(&wanted).map_err(Fault::usage)?;
            let manager = connect(work(wanted.wait)).await?;
            if wanted.dry_run {
                return preview::show(&*manager, terminal, wish).await;
            }
            cluster::create(&*manager, terminal, wish, wanted.wait).await
        }
        Once::Cluster(Cluster::List) => cluster::list(&*connect(Work::Elsewhere).await?, terminal).await,
        Once::Cluster(Cluster::Show(wanted)) => {
            cluster::show(&*connect(work(wanted.wait)).await?, terminal, &wanted).await
        }
        Once::Cluster(Cluster::Events(wanted)) => {
            cluster::events(&*connect(work(wanted.follow)).await?, terminal, &wanted).await
        }
        Once::Cluster(Cluster::Resize(wanted)) => {
            let change = change::resize(&wanted);
            change::run(&*connect(work(wanted.wait.wait)).await?, terminal, &wanted.cluster, change, &wanted.wait).await
        }
        Once::Cluster(Cluster::Upgrade(wanted)) => {
            let change = change::upgrade(&wanted);
            change::run(&*connect(work(wanted.wait.wait)).await?, terminal, &wanted.cluster, change, &wanted.wait).await
        }
        Once::Cluster(Cluster::Update(wanted)) => {
            let change = change::update(&wanted.update).map_err(Fault::usage)?;
            let manager = connect(work(wanted.wait.wait)).await?;
            change::run(&*manager, terminal, &wanted.update.name, change, &wanted.wait).await
        }
        Once::Cluster(Cluster::Pause(wanted)) => change::steer(connect, terminal, &wanted, ClusterChange::Pause).await,
        Once::Cluster(Cluster::Resume(wanted)) => {
            change::steer(connect, terminal, &wanted, ClusterChange::Resume).await
        }
        Once::Cluster(Cluster::Retry(wanted)) => change::steer(connect, terminal, &wanted, ClusterChange::Retry).await,
        Once::Cluster(Cluster::Rollback(wanted)) => {
            change::steer(connect, terminal, &wanted, ClusterChange::Rollback).await
        }
        Once::Cluster(Cluster::Cancel(wanted)) => {
            change::steer(connect, terminal, &wanted, ClusterChange::Cancel).await
        }
        Once::Nodegroup(wanted) => nodegroup::run(wanted, terminal, connect).await,
        Once::Cluster(Cluster::Delete(wanted)) => {
            cluster::delete_needs(terminal, &wanted)?;
            cluster::delete(&*connect(work(wanted.wait)).await?, terminal, &wanted).await
        }
        Once::Kubeconfig(wanted) | Once::Cluster(Cluster::Config(wanted)) => {
            let wish = kubeconfig::wish(&wanted).map_err(Fault::usage)?;
            kubeconfig::export(&*connect(Work::Elsewhere).await?, terminal, &wanted, &wish).await
        }
        Once::Ca(Ca::Show(wanted)) => {
            let which = ca::authority(&wanted.ca_cert_type).map_err(Fault::usage)?;
            ca::show(&*connect(Work::Elsewhere).await?, terminal, &wanted.cluster, which).await
        }
        Once::Ca(Ca::Sign(wanted)) => {
            let which = ca::authority(&wanted.ca_cert_type).map_err(Fault::usage)?;
            let request = ca::request(&wanted.request).map_err(Fault::usage)?;
            ca::sign(&*connect(Work::Elsewhere).await?, terminal, &wanted.cluster, which, &request).await
        }
        Once::History(wanted) => history::show(&*connect(Work::Elsewhere).await?, terminal, &wanted).await,
        Once::Quota(wanted) => quota::run(&*connect(Work::Elsewhere).await?, terminal, &wanted).await,
        Once::Ca(Ca::Rotate(wanted)) => {
            let change = ClusterChange::RotateCa { max_batch_size: wanted.max_batch_size };
            change::run(&*connect(work(wanted.wait.wait)).await?, terminal, &wanted.cluster, change, &wanted.wait).await
        }
        Once::Credential(Credential::Rotate(wanted)) => {
            let manager = connect(work(wanted.wait.wait)).await?;
            change::run(&*manager, terminal, &wanted.cluster, ClusterChange::RotateCredential, &wanted.wait).await
        }
        Once::Image(Image::List) => image::list(&*connect(Work::Elsewhere).await?, terminal).await,
        Once::Image(Image::Set(wanted)) => image::set(&*connect(Work::Elsewhere).await?, terminal, &wanted).await,
        Once::Image(Image::Import(wanted)) => {
            let wish = image::wish(&wanted);
            let found = wish.shape();
            if !found.is_empty() {
                return Err(found.into());
            }
            image::import(&*connect(Work::Elsewhere).await?, terminal, wish, wanted.wait).await
        }
        Once::Orphans(Orphans::List) => orphans::list(&*connect(Work::Elsewhere).await?, terminal).await,
        Once::Orphans(Orphans::Remove(wanted)) => {
            orphans::needs(terminal, &wanted)?;
            orphans::remove(&*connect(Work::Elsewhere).await?, terminal, &wanted).await
        }
        Once::Stats => stats::show(&*connect(Work::Elsewhere).await?, terminal).await,
        Once::Completion(wanted) => {
            let mut script = Vec::new();
            clap_complete::generate(wanted.shell, &mut args::Cli::command(), "jeroboam", &mut script);
            Ok(terminal.out.write_all(&script)?)
        }
    }
}

fn work(waits: bool) -> Work {
    if waits { Work::Here } else { Work::Elsewhere }
}

/// Labels of a flag that may be given several times; later ones win.
fn labels(flags: &[String]) -> Result<Labels, Problem> {
    let mut all = Labels::default();
    for flag in flags {
        all.0.extend(Labels::parse_flag(flag)?.0);
    }
    Ok(all)
}

/// A pair of flags, at most one of them given.
fn either(on: bool, off: bool) -> Option<bool> {
    (on || off).then_some(on)
}

#[cfg(test)]
mod tests;
