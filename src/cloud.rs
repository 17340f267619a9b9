//! Ports: what Jeroboam needs from an OpenStack, one small trait per service.
//! No IO here. Adapters are in `openstack`; tests may bring their own.
//!
//! Every text in an answer has passed [`crate::model::text::clean`]. A 404 on a
//! single object is a fact, not an error: such calls return `Option`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::driver::StackPlan;
use crate::model::image::Properties;
use crate::model::{
    Flavor, Image, Keypair, Network, NewImage, Places, Problem, ProblemKind, Server, ServerSheet, ServiceQuota, Stack,
    StackEvent, StackResource, StackSheet, Subnet, Thing, ThingSort,
};

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service}: {message}")]
pub struct CloudError {
    pub kind: CloudErrorKind,
    /// `heat`, `nova`, … : the service's common name.
    pub service: String,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    pub request_id: Option<String>,
    /// The service's own words, cleaned; or what went wrong on the way.
    pub message: String,
    /// From `Retry-After`.
    pub retry_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloudErrorKind {
    /// 401 even after a fresh token.
    Unauthenticated,
    /// 403.
    Forbidden,
    NotFound,
    /// 409.
    Conflict,
    /// 400 and what else is the request's fault.
    BadRequest,
    /// 413 over quota, 429.
    OverLimit,
    /// 5xx.
    Server,
    /// No answer: refused, unresolved, timed out, TLS.
    Unreachable,
    /// The catalogue has no such service.
    NoService,
    /// The answer could not be understood.
    Protocol,
}

impl CloudError {
    /// Whether the same call may succeed later without anybody changing the request.
    pub fn is_passing(&self) -> bool {
        matches!(self.kind, CloudErrorKind::Server | CloudErrorKind::Unreachable | CloudErrorKind::OverLimit)
    }
}

impl From<CloudError> for Problem {
    fn from(error: CloudError) -> Self {
        let (kind, advice) = match error.kind {
            CloudErrorKind::Unauthenticated => {
                (ProblemKind::Denied, Some("Check user, password or application credential in clouds.yaml"))
            }
            CloudErrorKind::Forbidden => {
                (ProblemKind::Denied, Some("Ask the project's administrator for the role that allows it"))
            }
            CloudErrorKind::NotFound => (ProblemKind::NotFound, None),
            CloudErrorKind::Conflict => (ProblemKind::Conflict, None),
            CloudErrorKind::BadRequest => (ProblemKind::Invalid, None),
            CloudErrorKind::OverLimit => (
                ProblemKind::Unavailable,
                Some("The cloud limits the rate of requests or a quota is used up; try again later"),
            ),
            CloudErrorKind::Server => (
                ProblemKind::Unavailable,
                Some("The service itself failed; try again, and give its operator the request id"),
            ),
            CloudErrorKind::Unreachable => {
                (ProblemKind::Unavailable, Some("Check the network, VPN and the endpoint in clouds.yaml"))
            }
            CloudErrorKind::NoService => (
                ProblemKind::Unavailable,
                Some("This cloud's catalogue does not list the service in this region and interface"),
            ),
            CloudErrorKind::Protocol => (
                ProblemKind::Unavailable,
                Some("A proxy in between, or an endpoint in the catalogue that is not this service"),
            ),
        };
        let status = error.status.map(|s| format!(" [HTTP {s}]")).unwrap_or_default();
        let mut problem = Problem::new(kind, format!("{}: {}{status}", error.service, error.message));
        problem.request_id = error.request_id;
        problem.advice = advice.map(Into::into);
        problem
    }
}

/// Whose resources a session sees; the store keeps records apart by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    pub project_id: String,
    pub region: String,
}

/// Who is logged in where, for the header line and for records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name in clouds.yaml, or `envvars`.
    pub cloud: String,
    pub scope: Scope,
    pub project_name: String,
    pub user_id: String,
    pub user_name: String,
    pub auth_url: String,
}

impl Identity {
    /// What tells clouds apart: Keystone's address, however the user's file ends it.
    pub fn keystone(&self) -> &str {
        let url = self.auth_url.trim_end_matches('/');
        ["/v3", "/v2.0"].iter().find_map(|version| url.strip_suffix(version)).unwrap_or(url).trim_end_matches('/')
    }
}

/// Heat. <https://docs.openstack.org/api-ref/orchestration/v1/>
#[async_trait]
pub trait Orchestration: Send + Sync {
    /// Every stack of the project that carries the tag, nested ones left out; pages through all.
    async fn stacks_by_tag(&self, tag: &str) -> Result<Vec<Stack>, CloudError>;
    /// One stack by id or name, `None` when it was deleted; with `outputs`, Heat resolves them, which is slow on large stacks.
    async fn stack(&self, id_or_name: &str, outputs: bool) -> Result<Option<Stack>, CloudError>;
    /// What one stack was given and gives, for somebody who reads it; as [`Self::stack`] otherwise.
    async fn sheet(&self, id_or_name: &str) -> Result<Option<StackSheet>, CloudError>;
    /// Asks Heat to create the stack; returns its id. A stack of that name: [`CloudErrorKind::Conflict`].
    async fn create_stack(&self, plan: &StackPlan) -> Result<String, CloudError>;
    /// Asks Heat to make the stack match the plan: what the plan leaves out goes back to the
    /// template's default. `false` when there is no such stack. Returns when Heat has taken it.
    async fn update_stack(&self, id: &str, plan: &StackPlan) -> Result<bool, CloudError>;
    /// Asks Heat to stop the update under way and leave the stack as far as it got, which ends
    /// in `UPDATE_FAILED`. `false` when there is no such stack; an error of the kind
    /// [`CloudErrorKind::BadRequest`] when no update is under way.
    async fn cancel_update(&self, stack: &Stack) -> Result<bool, CloudError>;
    /// Asks Heat to delete; `false` when there was none.
    async fn delete_stack(&self, id: &str) -> Result<bool, CloudError>;
    /// Resources with nested ones, as deep as Heat gives them.
    async fn resources(&self, stack: &Stack) -> Result<Vec<StackResource>, CloudError>;
    /// Events of the stack and its nested stacks, oldest first, from `since` (inclusive) on when given.
    /// A few before that come again: Heat's times are of whole seconds and of several clocks.
    /// Drop repeats by id.
    async fn events(&self, stack: &Stack, since: Option<DateTime<Utc>>) -> Result<Vec<StackEvent>, CloudError>;
}

/// Glance.
#[async_trait]
pub trait Images: Send + Sync {
    async fn images(&self) -> Result<Vec<Image>, CloudError>;
    /// Gives the image exactly these properties, and leaves all its others; `None`: there is no such image.
    async fn set_image(&self, id: &str, properties: &Properties) -> Result<Option<Image>, CloudError>;
    /// Makes an image whose content Glance fetches by itself; returns when Glance has taken it. One
    /// whose import was refused is removed again.
    async fn import_image(&self, wish: &NewImage) -> Result<Image, CloudError>;
}

/// Nova.
#[async_trait]
pub trait Compute: Send + Sync {
    async fn flavors(&self) -> Result<Vec<Flavor>, CloudError>;
    async fn keypairs(&self) -> Result<Vec<Keypair>, CloudError>;
    /// Of the whole project.
    async fn servers(&self) -> Result<Vec<Server>, CloudError>;
    /// One server as it is now, with its flavor and image by their ids; `None`: there is none.
    async fn server(&self, id: &str) -> Result<Option<ServerSheet>, CloudError>;
    /// What the server wrote on its console, line by line through [`crate::model::text::lines`];
    /// with `lines`, the last ones. `None`: there is no such server, or its console is not kept.
    async fn console(&self, server: &str, lines: Option<u32>) -> Result<Option<String>, CloudError>;
}

/// Neutron.
#[async_trait]
pub trait Networking: Send + Sync {
    async fn networks(&self) -> Result<Vec<Network>, CloudError>;
    async fn subnets(&self) -> Result<Vec<Subnet>, CloudError>;
    /// External networks that the network's routers lead to. Routers of other projects
    /// do not show: an empty answer for a shared network proves nothing.
    async fn ways_out(&self, network_id: &str) -> Result<Vec<String>, CloudError>;
}

/// What a service lets the project have, and what it has already. One trait for all
/// services, because the question is the same everywhere.
#[async_trait]
pub trait Quotas: Send + Sync {
    /// The service's project name: `nova`.
    fn service(&self) -> &'static str;
    /// Things the service has no quota for are left out.
    async fn quotas(&self) -> Result<Vec<ServiceQuota>, CloudError>;
}

/// Keystone, about the login itself.
#[async_trait]
pub trait Login: Send + Sync {
    async fn life(&self) -> Result<LoginLife, CloudError>;
    /// Where else the same login leads.
    async fn places(&self) -> Result<Places, CloudError>;
}

/// How long what we are logged in with lasts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginLife {
    /// The end of the token, where nothing can log in again: a one-time passcode or a given token.
    pub token_ends: Option<DateTime<Utc>>,
    /// How long tokens live here.
    pub token_lives: Option<TimeDelta>,
    /// The end of the application credential, where it has one.
    pub credential_ends: Option<DateTime<Utc>>,
}

/// Keystone, as far as handing on a part of one's own rights goes.
/// <https://docs.openstack.org/api-ref/identity/v3/#application-credentials>
#[async_trait]
pub trait Delegation: Send + Sync {
    /// `false`: this login is itself an application credential that may make no others.
    fn may_delegate(&self) -> bool;
    /// Makes an application credential of that name for the user who is logged in: it may work on the
    /// project's servers, networks, volumes and load balancers, not on credentials, trusts or anything
    /// that only administrators may. One of that name: [`CloudErrorKind::Conflict`].
    async fn create_credential(&self, name: &str, description: &str) -> Result<ApplicationCredential, CloudError>;
    /// Deletes the user's application credential of that name; `false` when there is none.
    async fn delete_credential(&self, name: &str) -> Result<bool, CloudError>;
}

/// What somebody logs in with who got a part of our rights.
#[derive(Debug, Clone)]
pub struct ApplicationCredential {
    pub id: String,
    pub secret: SecretString,
}

/// Barbican. A secret is known by its reference, the last segment of its address.
/// <https://docs.openstack.org/barbican/latest/api/reference/secrets.html>
#[async_trait]
pub trait KeyManager: Send + Sync {
    /// Keeps a text; names need not be unique. Returns the reference.
    async fn store_secret(&self, name: &str, payload: &SecretString) -> Result<String, CloudError>;
    /// `None` when there is no such secret.
    async fn secret(&self, reference: &str) -> Result<Option<SecretString>, CloudError>;
    /// References of all secrets of that name that we may see.
    async fn secrets_named(&self, name: &str) -> Result<Vec<String>, CloudError>;
    /// `false` when there was none.
    async fn delete_secret(&self, reference: &str) -> Result<bool, CloudError>;
}

/// What a bastion is made of, part by part; each returns the id of what it made.
#[async_trait]
pub trait Bastions: Send + Sync {
    /// Lets in ssh from one network; `mark` becomes its description.
    async fn make_security_group(&self, name: &str, mark: &str, from: &str) -> Result<String, CloudError>;
    async fn make_port(&self, name: &str, mark: &str, network: &str, group: &str) -> Result<String, CloudError>;
    /// Returns when Nova has taken it.
    async fn make_server(&self, wish: &NewServer) -> Result<String, CloudError>;
    async fn make_floating_ip(&self, network: &str, port: &str, mark: &str) -> Result<String, CloudError>;
}

/// A server on a port that is there. All but name and keypair are ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewServer {
    pub name: String,
    pub image: String,
    pub flavor: String,
    pub keypair: String,
    pub port: String,
    pub metadata: BTreeMap<String, String>,
}

/// What is in the project, whatever service has it: for finding what clusters leave behind.
#[async_trait]
pub trait Things: Send + Sync {
    /// All of a sort that the project owns; of stacks those that are tagged as ours.
    async fn things(&self, sort: ThingSort) -> Result<Vec<Thing>, CloudError>;
    /// Asks its service to remove it, a load balancer with all below it; `false`: there was none.
    async fn remove(&self, thing: &Thing) -> Result<bool, CloudError>;
}

/// All of one connected cloud.
#[derive(Clone)]
pub struct Cloud {
    pub identity: Identity,
    /// Service types of the catalogue in this region (`orchestration`, `load-balancer`, …).
    pub services: Arc<[String]>,
    pub orchestration: Arc<dyn Orchestration>,
    pub images: Arc<dyn Images>,
    pub compute: Arc<dyn Compute>,
    pub networking: Arc<dyn Networking>,
    /// Of the services that are there.
    pub quotas: Arc<[Arc<dyn Quotas>]>,
    pub login: Arc<dyn Login>,
    pub delegation: Arc<dyn Delegation>,
    pub key_manager: Arc<dyn KeyManager>,
    pub things: Arc<dyn Things>,
    pub bastions: Arc<dyn Bastions>,
}

impl Cloud {
    pub fn has(&self, service_type: &str) -> bool {
        self.services.iter().any(|have| have == service_type)
    }
}
