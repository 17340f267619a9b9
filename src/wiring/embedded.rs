//! `jeroboam demo`: the same dashboard on an OpenStack of our own, in a directory that
//! goes when it ends. Nothing of the user's is touched but the settings, which are read, and written
//! where somebody asks for it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::clouds::Choosing;
use super::{Started, parts, tasks};
use crate::cli::args::{Demo, Format, Global};
use crate::cli::fault::{Done, Fault};
use crate::cli::output::{Terminal, quoted};
use crate::cli::{Work, interrupted};
use crate::conductor::{self, Outside};
use crate::config::clouds::{self, CloudConfig, Selection};
use crate::config::paths::Paths;
use crate::demo::{self, DemoCloud};
use crate::model::{CloudEntry, Destination, Problem};
use crate::openstack::calls::Calls;
use crate::runtime::remote::Nodes;
use crate::runtime::{self, Connect};

/// The one to begin with.
const CLOUD: &str = "demo";
/// Between two looks at what moves: time runs fast there, and asking costs nobody anything.
const LOOK: Duration = Duration::from_millis(250);

/// The dashboard on the embedded cloud, or that cloud alone.
pub fn run(global: &Global, wanted: &Demo) -> Done {
    for (given, flag) in [(global.os_cloud.is_some(), "--os-cloud"), (global.data_dir.is_some(), "--data-dir")] {
        if given {
            let told = format!("{flag} cannot go with demo, which brings a cloud and a directory of its own");
            return Err(Fault::usage(Problem::invalid(told)));
        }
    }
    if wanted.speed.is_some_and(|speed| !(speed.is_finite() && speed > 0.0)) {
        return Err(Fault::usage(Problem::invalid("--speed must be a number above 0")));
    }
    let directory = tempfile::Builder::new().prefix("jeroboam-demo-").tempdir().map_err(|error| {
        Problem::local(format!("no temporary directory can be made: {error}")).advise("Name another place with TMPDIR")
    })?;
    let options = options(directory.path(), wanted);
    if wanted.cloud_only { alone(global.format, options) } else { dashboard(global, &directory, options) }
}

fn options(directory: &Path, wanted: &Demo) -> demo::Options {
    let mut options = demo::Options::new(directory);
    if let Some(speed) = wanted.speed {
        options.speed = speed;
    }
    options
}

/// Says where its clouds.yaml is and runs until interrupted.
fn alone(format: Format, options: demo::Options) -> Done {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let mut terminal = Terminal { draws: false, asks: false, format, out: &mut out, err: &mut err };
    let tasks = tasks()?;
    let done = tasks.block_on(async {
        let interrupted = interrupted();
        let cloud = demo::start(options).await?;
        if format == Format::Table {
            writeln!(terminal.out, "export OS_CLIENT_CONFIG_FILE={} OS_CLOUD=demo", quoted(&cloud.clouds_yaml))?;
            terminal.out.flush()?;
            terminal.note(&format!("The embedded cloud is at {} until this is interrupted", cloud.auth_url))?;
        } else {
            terminal
                .stream(&json!({ "clouds_yaml": cloud.clouds_yaml, "cloud": "demo", "auth_url": cloud.auth_url }))?;
        }
        // Being interrupted is how this ends well.
        interrupted.await;
        Ok(())
    });
    tasks.shutdown_background();
    done
}

fn dashboard(global: &Global, directory: &TempDir, mut options: demo::Options) -> Done {
    let mut paths = Paths::inside(directory.path());
    if let Ok(theirs) = Paths::find(None) {
        paths.config = theirs.config;
    }
    let settings = parts::settings(&paths, global)?;
    let read_only = settings.read_only;
    parts::log(&paths)?;
    let (nodes, machines) = nodes(directory.path());
    options.nodes = machines;
    let started = Started::default();
    let embedded = Arc::new(Embedded { options, cloud: OnceCell::new() });
    let (listing, calls) = (embedded.clone(), Arc::new(Calls::default()));
    let look = parts::look(&paths, settings, CLOUD, nodes, Box::new(move || listing.list()), calls.clone());
    let look = runtime::Options { said: parts::said(global, &paths), ..look };
    let (keep, cloud, paths) = (started.clone(), embedded.clone(), Arc::new(paths));
    let connect: Connect = Box::new(move |to| {
        let (keep, cloud, paths, calls) = (keep.clone(), cloud.clone(), paths.clone(), calls.clone());
        Box::pin(async move {
            let config = cloud.config(to.as_ref()).await?;
            let options = parts::options(&paths, Outside::default());
            let pace = conductor::Options { fast: LOOK, only_follows: read_only, ..options };
            let manager = parts::connect(&paths, &config, None, Work::Here, pace, calls).await?;
            Ok(parts::face(keep.keep(manager), read_only))
        })
    });
    let tasks = tasks()?;
    let done = tasks.block_on(async {
        let done = runtime::dashboard(connect, look).await;
        started.stop().await;
        done
    });
    tasks.shutdown_background();
    Ok(done?)
}

/// What a login to the demo's nodes takes, and the machines behind it where there can be any.
fn nodes(directory: &Path) -> (Nodes, Option<demo::nodes::Nodes>) {
    match demo::nodes::Nodes::prepare(directory.join("nodes")) {
        Ok(machines) => (Nodes::Program { program: machines.speaker(), key: machines.key() }, Some(machines)),
        Err(problem) => (Nodes::Nowhere(problem), None),
    }
}

/// The cloud, started when the dashboard first connects: its first picture does not wait for it.
struct Embedded {
    options: demo::Options,
    cloud: OnceCell<DemoCloud>,
}

impl Embedded {
    async fn config(&self, to: Option<&Destination>) -> Result<CloudConfig, Problem> {
        let cloud = self.cloud.get_or_try_init(|| demo::start(self.options.clone())).await?;
        choosing(&cloud.clouds_yaml)?.at(to)
    }

    /// None before it is started.
    fn list(&self) -> Result<Vec<CloudEntry>, Problem> {
        self.cloud.get().map_or_else(|| Ok(Vec::new()), |cloud| choosing(&cloud.clouds_yaml)?.list())
    }
}

/// Chooses the embedded cloud, whatever the user's variables say.
fn choosing(clouds_yaml: &Path) -> Result<Choosing, Problem> {
    let mut selection = Selection { os_cloud: Some(CLOUD.into()), cwd: PathBuf::from("/"), ..Selection::default() };
    selection.env.insert("OS_CLIENT_CONFIG_FILE".into(), clouds_yaml.display().to_string());
    Ok(Choosing { first: clouds::load(&selection)?, said: selection, asked: Vec::new() })
}
