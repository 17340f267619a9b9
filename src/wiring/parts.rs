//! From what the user said to a manager that works: directories, settings, cloud,
//! store, conductor.

use std::io::IsTerminal;
use std::sync::Arc;

use secrecy::ExposeSecret;

use super::clouds::{Choosing, REGION};
use super::outside::outside;
use crate::cli::Work;
use crate::cli::args::Global;
use crate::cli::ask;
use crate::cli::fault::Fault;
use crate::conductor::{Options, Outside};
use crate::config;
use crate::config::clouds::{self, CloudConfig, Selection};
use crate::config::logging;
use crate::config::paths::Paths;
use crate::config::settings::Settings;
use crate::config::store::StoreUrl;
use crate::driver::Drivers;
use crate::model::Problem;
use crate::openstack::{self, calls::Calls};
use crate::runtime::prefs::Said;
use crate::runtime::{
    self,
    remote::{Nodes, Remote},
};
use crate::service::Manager;
use crate::service::local::LocalManager;
use crate::service::read_only::ReadOnly;
use crate::store::sqlite::KEY_FILE;
use crate::store::{PostgresStore, SqliteStore, Store};

/// Everything that is known before anything is connected.
pub struct Prepared {
    pub paths: Paths,
    pub settings: Settings,
    pub clouds: Choosing,
    /// `None`: the user's own, in the data directory.
    pub store: Option<StoreUrl>,
    pub outside: Outside,
}

impl Prepared {
    /// The cloud to begin with.
    pub fn cloud(&self) -> &CloudConfig {
        &self.clouds.first
    }
}

/// Reads directories, settings and the cloud's configuration. Asks for a secret that is
/// missing when there is somebody to ask; so it comes before a dashboard takes the screen.
pub fn prepare(global: &Global) -> Result<Prepared, Fault> {
    let paths = Paths::find(global.data_dir.clone()).map_err(Fault::configuration)?;
    let settings = settings(&paths, global)?;
    let mut selection = Selection::from_process(global.os_cloud.clone());
    let named = ["OS_CLOUD", "OS_AUTH_URL"].iter().any(|name| selection.env.get(*name).is_some_and(|v| !v.is_empty()));
    if selection.os_cloud.is_none() && !named {
        selection.os_cloud.clone_from(&settings.cloud);
    }
    if let Some(region) = &global.os_region_name {
        selection.env.insert(REGION.into(), region.clone());
    }
    let clouds = cloud(selection)?;
    let outside = outside(&settings, &clouds.first.name).map_err(Fault::configuration)?;
    let variable = std::env::var("JEROBOAM_STORE").ok();
    let store = config::store::choose(global.store.as_deref(), variable, settings.store.as_ref(), &paths.config)
        .map_err(Fault::configuration)?;
    Ok(Prepared { paths, settings, clouds, store, outside })
}

/// The user's settings, with what was said for this once.
pub fn settings(paths: &Paths, global: &Global) -> Result<Settings, Fault> {
    let mut settings = Settings::load(&paths.config).map_err(Fault::configuration)?;
    settings.read_only |= global.read_only;
    Ok(settings)
}

/// What a face works with: the manager itself, or one that refuses every change.
pub fn face(manager: Arc<LocalManager>, read_only: bool) -> Arc<dyn Manager> {
    if read_only { Arc::new(ReadOnly(manager)) } else { manager }
}

/// Secrets that clouds.yaml may leave out, by the field that is told missing.
const ASKED: [(&str, &str, &str); 3] = [
    ("password", "OS_PASSWORD", "Password"),
    ("passcode", "OS_PASSCODE", "One-time passcode"),
    ("application_credential_secret", "OS_APPLICATION_CREDENTIAL_SECRET", "Secret of the application credential"),
];

fn cloud(mut selection: Selection) -> Result<Choosing, Fault> {
    let asks = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let mut asked = Vec::new();
    loop {
        let problem = match clouds::load(&selection) {
            Ok(first) => return Ok(Choosing { first, said: selection, asked }),
            Err(problem) => problem,
        };
        let missing = ASKED.iter().find(|(field, variable, _)| {
            problem.field.as_deref() == Some(*field) && !selection.env.contains_key(*variable)
        });
        let Some((_, variable, question)) = missing.filter(|_| asks) else {
            return Err(Fault::configuration(problem));
        };
        let answer = ask::secret(question)?;
        selection.env.insert((*variable).into(), answer.expose_secret().to_owned());
        asked.push((*variable).to_owned());
    }
}

/// Starts the log. A log that cannot be written stops nobody who did not ask for one.
pub fn log(paths: &Paths) -> Result<(), Fault> {
    let wanted = std::env::var("JEROBOAM_LOG").ok().filter(|wanted| !wanted.is_empty());
    match logging::start(&paths.state, wanted.as_deref()) {
        Err(problem) if wanted.is_some() => Err(Fault::configuration(problem)),
        _ => Ok(()),
    }
}

/// How the conductor works on the store in the data directory.
pub fn options(paths: &Paths, outside: Outside) -> Options {
    Options {
        data_dir: Some(paths.data.clone()),
        runtime_dir: directories::BaseDirs::new().and_then(|dirs| dirs.runtime_dir().map(Into::into)),
        outside,
        ..Options::default()
    }
}

/// Ours and the user's own. A broken one is logged here and told to whoever asks for it.
pub fn drivers(paths: &Paths) -> Drivers {
    let drivers = Drivers::load(config::drivers::folders(&paths.config));
    for (name, problem) in drivers.broken() {
        tracing::warn!(driver = name, problem = problem.line(), "this driver cannot be used");
    }
    drivers
}

/// What a dashboard starts with. Drivers are read again when it connects.
pub fn look(
    paths: &Paths,
    settings: Settings,
    cloud: &str,
    nodes: Nodes,
    clouds: runtime::ListClouds,
    calls: Arc<Calls>,
) -> runtime::Options {
    let problems = drivers(paths).broken().map(|(_, problem)| problem.clone()).collect();
    let remote = Remote { settings: settings.clone(), cloud: cloud.to_owned(), data: paths.data.clone(), nodes };
    runtime::Options { settings, config_dir: paths.config.clone(), said: Vec::new(), problems, remote, clouds, calls }
}

/// Settings that flags and variables came before.
pub fn said(global: &Global, paths: &Paths) -> Vec<Said> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let flag = |value: Option<String>, by| value.map(|value| (value, by));
    let read_only = flag(global.read_only.then(|| "true".to_owned()), "--read-only");
    let cloud = flag(global.os_cloud.clone(), "--os-cloud").or_else(|| flag(variable("OS_CLOUD"), "OS_CLOUD"));
    let store = flag(global.store.clone(), "--store").or_else(|| flag(variable("JEROBOAM_STORE"), "JEROBOAM_STORE"));
    let url = flag(variable("JEROBOAM_NOTIFICATIONS_URL"), "JEROBOAM_NOTIFICATIONS_URL");
    let by = match (&global.data_dir, variable("JEROBOAM_DATA_DIR")) {
        (Some(_), _) => "--data-dir",
        (None, Some(_)) => "JEROBOAM_DATA_DIR",
        (None, None) => "default",
    };
    let data = Some((paths.data.display().to_string(), by));
    let all =
        [("read_only", read_only), ("cloud", cloud), ("store", store), ("notifications.url", url), ("data_dir", data)];
    all.into_iter().filter_map(|(name, said)| said.map(|(value, by)| Said { name, value, by })).collect()
}

/// The user's own store, or the shared one that was named.
async fn store(paths: &Paths, url: Option<&StoreUrl>) -> Result<Arc<dyn Store>, Problem> {
    Ok(match url {
        None => Arc::new(SqliteStore::open(&paths.data).await?),
        Some(url) => Arc::new(PostgresStore::open(url.expose(), &paths.data.join(KEY_FILE)).await?),
    })
}

/// Logs in, opens the store and puts the manager on both.
pub async fn connect(
    paths: &Paths,
    cloud: &CloudConfig,
    url: Option<&StoreUrl>,
    work: Work,
    options: Options,
    calls: Arc<Calls>,
) -> Result<Arc<LocalManager>, Problem> {
    let cloud = openstack::connect_noting(cloud, calls).await?;
    let store = store(paths, url).await?;
    let drivers = Arc::new(drivers(paths));
    Ok(match work {
        Work::Here => LocalManager::start(cloud, store, drivers, options),
        Work::Elsewhere => LocalManager::open(cloud, store, drivers, options),
        Work::Headless => LocalManager::headless(cloud, store, drivers, options),
    })
}
