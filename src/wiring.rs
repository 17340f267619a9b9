//! The one place where the parts are put together. Dashboard, command line and demo
//! all start here, on the same `parts`: they differ in what they do with the manager.

mod clouds;
mod embedded;
mod headless;
mod outside;
mod parts;

use std::cell::OnceCell;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::cli::args::{Cli, Command, Global, Once, Remote};
use crate::cli::fault::{Done, Fault};
use crate::cli::output::Terminal;
use crate::cli::{self, Work};
use crate::conductor::Options;
use crate::config::paths::Paths;
use crate::driver::Drivers;
use crate::model::Problem;
use crate::openstack::calls::Calls;
use crate::runtime::remote::Nodes;
use crate::runtime::{self, Connect, ListClouds};
use crate::service::local::LocalManager;
use parts::Prepared;

/// How long calls under way may take to end before we leave; what they did is found again.
const FAREWELL: Duration = Duration::from_secs(1);

/// Runs what the command line asks for.
pub fn run(cli: Cli) -> Done {
    match cli.command {
        None => dashboard(&cli.global),
        Some(Command::Conductor) => headless::run(&cli.global),
        Some(Command::Demo(wanted)) => embedded::run(&cli.global, &wanted),
        Some(Command::Driver(wanted)) => {
            offline(&cli.global, |terminal, drivers| cli::driver::run(&wanted, terminal, drivers))
        }
        Some(Command::Label(wanted)) => {
            offline(&cli.global, |terminal, drivers| cli::label::run(&wanted, terminal, drivers))
        }
        Some(Command::Once(command)) => once(&cli.global, command),
        Some(Command::Remote(command)) => remote(&cli.global, command),
    }
}

/// One command, then the end.
fn once(global: &Global, command: Once) -> Done {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let mut terminal = terminal(global, &mut out, &mut err);
    let tasks = tasks()?;
    let done = tasks.block_on(async {
        let started = OnceCell::new();
        let connect = async |work| {
            let prepared = parts::prepare(global)?;
            parts::log(&prepared.paths)?;
            let read_only = prepared.settings.read_only;
            let options =
                Options { only_follows: read_only, ..parts::options(&prepared.paths, prepared.outside.clone()) };
            let manager = parts::connect(
                &prepared.paths,
                prepared.cloud(),
                prepared.store.as_ref(),
                work,
                options,
                Arc::default(),
            )
            .await
            .map_err(Fault::configuration)?;
            Ok(parts::face(started.get_or_init(|| manager).clone(), read_only))
        };
        let done = cli::run(command, &mut terminal, connect).await;
        if let Some(manager) = started.get() {
            manager.stop(FAREWELL).await;
        }
        done
    });
    tasks.shutdown_background();
    done
}

/// What is done on a cluster's machines, with the system's ssh.
fn remote(global: &Global, command: Remote) -> Done {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let mut terminal = terminal(global, &mut out, &mut err);
    let tasks = tasks()?;
    let done = tasks.block_on(async {
        let Prepared { paths, settings, clouds, store, outside } = parts::prepare(global)?;
        parts::log(&paths)?;
        let options = parts::options(&paths, outside);
        let connected =
            parts::connect(&paths, &clouds.first, store.as_ref(), Work::Elsewhere, options, Arc::default()).await;
        let manager = parts::face(connected.map_err(Fault::configuration)?, settings.read_only);
        let means = runtime::remote::Remote {
            settings,
            cloud: clouds.first.name.clone(),
            data: paths.data.clone(),
            nodes: Nodes::Network,
        };
        cli::remote::run(command, &mut terminal, &*manager, &means).await
    });
    tasks.shutdown_background();
    done
}

/// What needs no cloud and no store.
fn offline(global: &Global, act: impl FnOnce(&mut Terminal<'_>, &Drivers) -> Done) -> Done {
    let paths = Paths::find(global.data_dir.clone()).map_err(Fault::configuration)?;
    let (mut out, mut err) = (io::stdout(), io::stderr());
    act(&mut terminal(global, &mut out, &mut err), &parts::drivers(&paths))
}

fn terminal<'a>(global: &Global, out: &'a mut io::Stdout, err: &'a mut io::Stderr) -> Terminal<'a> {
    let speaks = err.is_terminal();
    Terminal {
        draws: speaks && std::env::var_os("TERM").is_some_and(|term| term != "dumb"),
        asks: speaks && io::stdin().is_terminal(),
        format: global.format,
        out,
        err,
    }
}

/// The dashboard on the configured cloud. What is wrong in a file is told before it takes the screen.
fn dashboard(global: &Global) -> Done {
    let Prepared { paths, settings, clouds, store, .. } = parts::prepare(global)?;
    parts::log(&paths)?;
    let clouds = Arc::new(clouds);
    let listing = clouds.clone();
    let calls = Arc::new(Calls::default());
    let list: ListClouds = Box::new(move || listing.list());
    let looked = parts::look(&paths, settings.clone(), &clouds.first.name, Nodes::Network, list, calls.clone());
    let options = runtime::Options { said: parts::said(global, &paths), ..looked };
    let started = Started::default();
    let keep = started.clone();
    let (paths, settings, store) = (Arc::new(paths), Arc::new(settings), Arc::new(store));
    let connect: Connect = Box::new(move |to| {
        let (paths, settings, store) = (paths.clone(), settings.clone(), store.clone());
        let (keep, clouds, calls) = (keep.clone(), clouds.clone(), calls.clone());
        Box::pin(async move {
            let cloud = clouds.at(to.as_ref())?;
            let outside = outside::outside(&settings, &cloud.name)?;
            let options = Options { only_follows: settings.read_only, ..parts::options(&paths, outside) };
            let url = store.as_ref().as_ref();
            let manager = parts::connect(&paths, &cloud, url, Work::Here, options, calls).await?;
            Ok(parts::face(keep.keep(manager), settings.read_only))
        })
    });
    let tasks = tasks()?;
    let done = tasks.block_on(async {
        let done = runtime::dashboard(connect, options).await;
        started.stop().await;
        done
    });
    tasks.shutdown_background();
    Ok(done?)
}

/// The manager the dashboard works with, kept so that it can be stopped in order.
#[derive(Clone, Default)]
struct Started(Arc<Mutex<Option<Arc<LocalManager>>>>);

impl Started {
    /// Stops the one before in the background: its cloud may be dead. On the same store and project the
    /// new one follows it until then.
    fn keep(&self, manager: Arc<LocalManager>) -> Arc<LocalManager> {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(manager.clone());
        if let Some(before) = before {
            tokio::spawn(async move { before.stop(FAREWELL).await });
        }
        manager
    }

    async fn stop(&self) {
        let manager = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(manager) = manager {
            manager.stop(FAREWELL).await;
        }
    }
}

/// Requests wait more than they work: two threads carry hundreds of them.
fn tasks() -> Result<Runtime, Problem> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(|error| Problem::local(format!("no threads could be started: {error}")))
}
