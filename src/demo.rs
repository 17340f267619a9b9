//! An OpenStack in a box, speaking HTTP on loopback: Keystone, Glance, Nova,
//! Neutron, Heat, Octavia, Cinder and Barbican, good enough for the ordinary command-line
//! clients and for Jeroboam's own adapters. Time runs fast; state lasts for the run.
//!
//! Layers, each knowing only those before it: [`crate::hot`] evaluates templates (pure),
//! [`world`] is the state, [`engine`] changes it over time, one file per service
//! (`heat`, `nova`, …) shows it, [`web`] is the HTTP around them. It must not know
//! anything of Jeroboam beside [`Problem`]: the program meets
//! it only through HTTP. Start reading at [`start`].

mod barbican;
mod cinder;
mod direct;
pub mod engine;
mod glance;
mod heat;
mod keystone;
mod neutron;
pub mod nodes;
mod nova;
mod octavia;
pub mod web;
pub mod world;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::model::Problem;
use engine::{Engine, Pace};
use nodes::Nodes;
use world::World;
use world::seed::{CREDENTIAL_SECRET, PASSWORD, PROJECT, REGION, USER};

/// How the cloud is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its clouds.yaml goes; made when it is not there.
    pub state_dir: PathBuf,
    /// Divides what work takes: 1.0 makes a server in about a second, 1000.0 at once.
    pub speed: f64,
    /// How long a minute of Heat's time-outs lasts here.
    pub minute: Duration,
    /// Servers are machines that can be logged in to.
    pub nodes: Option<Nodes>,
}

impl Options {
    /// The demonstration's pace: a small cluster in six to ten seconds, a minute of a
    /// time-out in one.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self { state_dir: state_dir.into(), speed: 1.0, minute: Duration::from_secs(1), nodes: None }
    }
}

/// Folder in the state directory: a file here, named by a server's id, is shown on that server's console.
pub const CONSOLES: &str = "consoles";

/// A running cloud; it stops when this is dropped.
#[derive(Debug)]
pub struct DemoCloud {
    /// Holds the clouds `demo` (password) and `demo-appcred` (application credential).
    pub clouds_yaml: PathBuf,
    /// Keystone's URL, `http://127.0.0.1:port/identity/v3`.
    pub auth_url: String,
    stop: CancellationToken,
}

impl Drop for DemoCloud {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Starts a cloud on a free port of 127.0.0.1.
pub async fn start(options: Options) -> Result<DemoCloud, Problem> {
    let refused =
        |what: &str, error: &dyn std::fmt::Display| Problem::local(format!("The demo cloud cannot {what}: {error}"));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|e| refused("listen on 127.0.0.1", &e))?;
    let address = listener.local_addr().map_err(|e| refused("learn its port", &e))?;
    let base = format!("http://{address}");
    let auth_url = format!("{base}/identity/v3");
    let world = World::seeded(base).map_err(|e| refused("be furnished", &e))?;
    let clouds_yaml = options.state_dir.join("clouds.yaml");
    let text = clouds(&auth_url, &world.ids.credential);
    write_private(&options.state_dir, &clouds_yaml, &text)
        .map_err(|e| refused(&format!("write {}", clouds_yaml.display()), &e))?;
    let stop = CancellationToken::new();
    let pace = Pace { speed: options.speed, minute: options.minute };
    let consoles = options.state_dir.join(CONSOLES);
    let engine = Engine::new(world, consoles, options.nodes, pace, stop.clone());
    let router = axum::Router::new().fallback(web::serve).with_state(Arc::new(engine));
    let ended = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = ended.cancelled() => {}
            served = axum::serve(listener, router).into_future() => {
                if let Err(error) = served {
                    tracing::error!(%error, "the demo cloud stopped");
                }
            }
        }
    });
    Ok(DemoCloud { clouds_yaml, auth_url, stop })
}

fn clouds(auth_url: &str, credential: &str) -> String {
    format!(
        "# Written by the demo cloud; good as long as it runs.\n\
         clouds:\n  \
           demo:\n    \
             auth:\n      \
               auth_url: {auth_url}\n      \
               username: {USER}\n      \
               password: {PASSWORD}\n      \
               project_name: {PROJECT}\n      \
               user_domain_name: Default\n      \
               project_domain_name: Default\n    \
             region_name: {REGION}\n    \
             identity_api_version: 3\n  \
           demo-appcred:\n    \
             auth_type: v3applicationcredential\n    \
             auth:\n      \
               auth_url: {auth_url}\n      \
               application_credential_id: {credential}\n      \
               application_credential_secret: {CREDENTIAL_SECRET}\n    \
             region_name: {REGION}\n    \
             identity_api_version: 3\n"
    )
}

/// Written beside and renamed, so that nobody reads half of it; for the owner only.
fn write_private(directory: &Path, file: &Path, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    // Temporary files are 0600 from the start.
    let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|error| error.error)?;
    Ok(())
}
