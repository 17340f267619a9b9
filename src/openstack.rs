//! The adapters: OpenStack's services over HTTP behind the ports of [`crate::cloud`].
//!
//! [`connect`] logs in and hands out a [`Cloud`]; it needs Keystone and nothing
//! else, so a service that is down fails in its own calls only. Every call goes
//! through `session`; each service has a file of its own.
//! Must not know clusters, stores or screens.

mod auth;
mod barbican;
mod bastions;
pub mod calls;
mod catalog;
mod cinder;
mod fault;
mod field;
mod glance;
mod heat;
mod keystone;
mod login;
mod neutron;
mod nova;
mod octavia;
mod page;
mod session;
mod things;
mod transport;

use std::sync::Arc;

use auth::{Refusal, Token};
use calls::Calls;
use catalog::Service;
use session::Session;
use transport::Http;

use crate::cloud::{Cloud, CloudError, CloudErrorKind, Identity, Quotas, Scope};
use crate::config::clouds::CloudConfig;
use crate::model::{Problem, ProblemKind};

/// Logs in and finds the services. Who is logged in where is in [`Cloud::identity`].
pub async fn connect(config: &CloudConfig) -> Result<Cloud, Problem> {
    connect_noting(config, Arc::default()).await
}

/// As [`connect`]; every exchange is noted.
pub async fn connect_noting(config: &CloudConfig, calls: Arc<Calls>) -> Result<Cloud, Problem> {
    let client = Http { client: transport::client(config)?, calls };
    let token = auth::login(&client, config, 0).await.map_err(|refusal| explained(config, refusal))?;
    if token.project_id.is_empty() {
        return Err(Problem::invalid(format!("cloud \"{}\": the login is for no project", config.name))
            .on_field("project_name")
            .advise("Name one with project_name in clouds.yaml, or OS_PROJECT_NAME"));
    }
    let region = region(config, &token)?;
    let identity = identity(config, &token, &region);
    let services: Arc<[String]> = token.catalog.services(&region, &config.endpoint_overrides).into();
    let session = Arc::new(Session::new(client, config.clone(), region, token));
    let has = |service: Service| services.iter().any(|have| have == service.kind);
    let nova = Arc::new(nova::Nova(session.clone()));
    let neutron = Arc::new(neutron::Neutron(session.clone()));
    let mut quotas: Vec<Arc<dyn Quotas>> = vec![nova.clone(), neutron.clone()];
    if has(catalog::CINDER) {
        quotas.push(Arc::new(cinder::Cinder(session.clone())));
    }
    if has(catalog::OCTAVIA) {
        quotas.push(Arc::new(octavia::Octavia(session.clone())));
    }
    Ok(Cloud {
        identity,
        services,
        orchestration: Arc::new(heat::Heat::new(session.clone())),
        images: Arc::new(glance::Glance(session.clone())),
        delegation: Arc::new(keystone::Keystone(session.clone())),
        key_manager: Arc::new(barbican::Barbican(session.clone())),
        compute: nova,
        networking: neutron,
        quotas: quotas.into(),
        login: Arc::new(login::Life(session.clone())),
        bastions: Arc::new(bastions::Gatehouse(session.clone())),
        things: Arc::new(things::Project(session)),
    })
}

fn identity(config: &CloudConfig, token: &Token, region: &str) -> Identity {
    Identity {
        cloud: config.name.clone(),
        scope: Scope { project_id: token.project_id.clone(), region: region.to_owned() },
        project_name: token.project_name.clone(),
        user_id: token.user_id.clone(),
        user_name: token.user_name.clone(),
        auth_url: transport::shown(&config.auth_url),
    }
}

/// The configured region, or the only one of the catalogue.
fn region(config: &CloudConfig, token: &Token) -> Result<String, Problem> {
    let regions: Vec<&str> = token.catalog.regions().into_iter().collect();
    let known = || format!("The catalogue has: {}; capitals matter", regions.join(", "));
    match (&config.region, regions.as_slice()) {
        (Some(region), all) if all.is_empty() || all.contains(&region.as_str()) => Ok(region.clone()),
        (Some(region), _) => {
            let told = format!("cloud \"{}\" has no region \"{region}\"", config.name);
            Err(Problem::invalid(told).on_field("region_name").advise(known()))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => Ok(String::new()),
        (None, _) => {
            let told = format!("cloud \"{}\" has several regions and none is chosen", config.name);
            let advice = format!("Set region_name in clouds.yaml or OS_REGION_NAME. {}", known());
            Err(Problem::invalid(told).on_field("region_name").advise(advice))
        }
    }
}

/// Why logging in failed, and what to do about it.
fn explained(config: &CloudConfig, refusal: Refusal) -> Problem {
    let cloud = &config.name;
    let place = transport::shown(&config.auth_url);
    let error = match refusal {
        Refusal::NotKeystone(told) => {
            return Problem::new(ProblemKind::Unavailable, format!("cloud \"{cloud}\": no Keystone v3 there: {told}"))
                .on_field("auth_url")
                .advise(
                    "auth_url should be Keystone's address, like https://host:5000/v3 or https://host/identity/v3",
                );
        }
        Refusal::MoreFactors(rule) => {
            return Problem::new(
                ProblemKind::Denied,
                format!("cloud \"{cloud}\": the user must log in with more factors: {rule}"),
            )
            .on_field("passcode")
            .advise("Set OS_PASSCODE to the present one-time passcode; auth_type v3multifactor says so for good");
        }
        Refusal::Cloud(error) => error,
    };
    match error.kind {
        CloudErrorKind::Unauthenticated => told(
            ProblemKind::Denied,
            format!("cloud \"{cloud}\": Keystone at {place} refused the login: {}", error.message),
            "Check user, password, domain and project, or the application credential; a one-time passcode works once",
            error,
        ),
        CloudErrorKind::Unreachable if error.message.starts_with(transport::TLS) => told(
            ProblemKind::Unavailable,
            format!("cloud \"{cloud}\": no trusted connection to {place}: {}", error.message),
            "Name the cloud's CA file with cacert or OS_CACERT, and check the address and its https; verify: false trusts anybody",
            error,
        ),
        CloudErrorKind::Unreachable => told(
            ProblemKind::Unavailable,
            format!("cloud \"{cloud}\": Keystone at {place} cannot be reached: {}", error.message),
            "Check auth_url (http or https, name, port), the network and the VPN",
            error,
        ),
        _ => {
            let mut problem = Problem::from(error);
            problem.summary = format!("cloud \"{cloud}\": {}", problem.summary);
            problem
        }
    }
}

fn told(kind: ProblemKind, summary: String, advice: &str, error: CloudError) -> Problem {
    let mut problem = Problem::new(kind, summary).advise(advice);
    problem.request_id = error.request_id;
    problem
}
