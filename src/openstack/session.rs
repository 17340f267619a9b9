//! A logged-in connection to one cloud: every call of every adapter goes through
//! [`Session::send`], which knows about tokens, retries and redirects.
//!
//! Must not know what any service's answers mean.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::auth::{self, Refusal, Token};
use super::catalog::{KEYSTONE, Service};
use super::transport::{self, Answer, Http, Repeat};
use super::{fault, page};
use crate::cloud::{CloudError, CloudErrorKind};
use crate::config::clouds::{CloudConfig, Method as Credential};

/// Repeats after the first attempt.
const RETRIES: u32 = 3;
const BACKOFF_FIRST: Duration = Duration::from_millis(400);
/// No repeat begins later than this after the first attempt: somebody waits for the answer.
const RETRY_BUDGET: Duration = Duration::from_secs(20);
const REDIRECTS: u32 = 5;
const JSON: &str = "application/json";
/// The form of an answer that is not JSON.
pub const TEXT: &str = "text/plain";
/// After Keystone refused, it is not asked again for this long: every try counts towards lock-out.
/// Renewals ahead of time rest as long after any failure.
const REFUSAL_HOLDS: Duration = Duration::from_secs(30);

/// One request to a service.
pub struct Call<'a> {
    pub service: Service,
    pub method: Method,
    /// Below the service's address; each is escaped.
    pub path: Vec<&'a str>,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    /// What the body is.
    pub content: &'static str,
    /// What the answer may be.
    pub accept: &'static str,
}

impl<'a> Call<'a> {
    pub fn new(service: Service, method: Method, path: &[&'a str]) -> Self {
        Self { service, method, path: path.to_vec(), query: Vec::new(), body: None, content: JSON, accept: JSON }
    }

    pub fn get(service: Service, path: &[&'a str]) -> Self {
        Self::new(service, Method::GET, path)
    }

    #[must_use]
    pub fn query(mut self, key: &str, value: impl ToString) -> Self {
        self.query.push((key.to_owned(), value.to_string()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// A body that is JSON of a kind of its own.
    #[must_use]
    pub fn content(mut self, kind: &'static str) -> Self {
        self.content = kind;
        self
    }

    #[must_use]
    pub fn accept(mut self, kind: &'static str) -> Self {
        self.accept = kind;
        self
    }

    /// Whether sending it twice does the same as sending it once.
    fn is_repeatable(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD | Method::DELETE)
    }
}

pub struct Session {
    http: Http,
    config: CloudConfig,
    region: String,
    token: RwLock<Arc<Token>>,
    /// Held while logging in again, so that it happens once for all who need it.
    renewal: Mutex<Option<Failure>>,
}

/// The last login that failed.
struct Failure {
    at: Instant,
    error: CloudError,
}

impl Session {
    pub fn new(http: Http, config: CloudConfig, region: String, token: Token) -> Self {
        Self { http, config, region, token: RwLock::new(Arc::new(token)), renewal: Mutex::new(None) }
    }

    pub fn token(&self) -> Arc<Token> {
        self.token.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Whether an application credential was used, which some clouds let do less.
    pub fn is_delegated(&self) -> bool {
        self.config.methods.iter().any(|method| matches!(method, Credential::ApplicationCredential { .. }))
    }

    /// Whether it can log in again by itself when its token ends.
    pub fn is_renewable(&self) -> bool {
        auth::is_renewable(&self.config)
    }

    /// Sends and gives an answer of 2xx; anything else is an error.
    pub async fn send(&self, call: &Call<'_>) -> Result<Answer, CloudError> {
        let mut token = self.fresh_token().await;
        let mut url = self.url(&token, call)?;
        let started = Instant::now();
        let (mut repeats, mut redirects, mut renewed) = (0, 0, false);
        loop {
            let mut request =
                self.http.client.request(call.method.clone(), url.clone()).header("X-Auth-Token", token.header.clone());
            request = request.header(reqwest::header::ACCEPT, call.accept);
            if let Some(body) = &call.body {
                request = request.header(CONTENT_TYPE, call.content).json(body);
            }
            let (error, may_repeat) = match self.http.exchange(call.service, request, repeats + 1).await {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) if answer.status.as_u16() == 401 && !renewed => {
                    renewed = true;
                    token = self.renew(token.generation).await?;
                    continue;
                }
                Ok(answer) if answer.status.is_redirection() && call.is_repeatable() && redirects < REDIRECTS => {
                    redirects += 1;
                    url = redirected(call.service, &url, &answer)?;
                    continue;
                }
                Ok(answer) => {
                    let error = fault::from_answer(call.service, answer.status, &answer.headers, &answer.body);
                    let busy = matches!(answer.status.as_u16(), 429 | 502 | 503 | 504);
                    (error, busy && call.is_repeatable())
                }
                Err(broken) => {
                    let may_repeat = match broken.repeat {
                        Repeat::Always => true,
                        Repeat::WhenHarmless => call.is_repeatable(),
                        Repeat::Never => false,
                    };
                    (broken.error, may_repeat)
                }
            };
            let wait = pause(repeats, error.retry_after);
            if !may_repeat || repeats == RETRIES || started.elapsed() + wait > RETRY_BUDGET {
                return Err(error);
            }
            repeats += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// As [`Self::send`], with the answer as JSON.
    pub async fn json(&self, call: &Call<'_>) -> Result<Value, CloudError> {
        let answer = self.send(call).await?;
        parsed(call.service, &answer)
    }

    /// As [`Self::json`], with "there is none" (404) as `None`.
    pub async fn find(&self, call: &Call<'_>) -> Result<Option<Value>, CloudError> {
        match self.json(call).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind == CloudErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As [`Self::send`], with the answer as text; `None`: there is no such thing (404).
    pub async fn text(&self, call: Call<'_>) -> Result<Option<String>, CloudError> {
        let call = call.accept(TEXT);
        let answer = match self.send(&call).await {
            Err(error) if error.kind == CloudErrorKind::NotFound => return Ok(None),
            answer => answer?,
        };
        let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let text = kind.filter(|kind| kind.starts_with(TEXT)).and_then(|_| std::str::from_utf8(&answer.body).ok());
        text.map(|text| Some(text.to_owned())).ok_or_else(|| strange(call.service, &answer, TEXT))
    }

    /// Sends what has no answer worth reading; `false`: there is no such thing (404). Services answer
    /// with nothing or with JSON; a page may be a proxy's and proves nothing, whatever its status.
    pub async fn done(&self, call: &Call<'_>) -> Result<bool, CloudError> {
        match self.send(call).await {
            Ok(answer) if answer.body.trim_ascii().is_empty() => Ok(true),
            Ok(answer) => parsed(call.service, &answer).map(|_| true),
            Err(error) if error.kind == CloudErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// All items under `key`, page after page.
    pub async fn list(&self, call: Call<'_>, key: &str) -> Result<Vec<Value>, CloudError> {
        let mut items = Vec::new();
        self.each(call, key, |item| items.push(item)).await?;
        Ok(items)
    }

    /// Hands over a list item by item: what is made of a long one need not be in memory twice.
    pub async fn each(&self, mut call: Call<'_>, key: &str, mut each: impl FnMut(Value)) -> Result<(), CloudError> {
        let mut pages = page::Pages::default();
        loop {
            let value = self.json(&call).await?;
            let next = pages.take(call.service, key, value)?;
            pages.items.drain(..).for_each(&mut each);
            match next {
                Some(query) => call.query = query,
                None => return Ok(()),
            }
        }
    }

    fn url(&self, token: &Token, call: &Call<'_>) -> Result<Url, CloudError> {
        let CloudConfig { interface, endpoint_overrides, .. } = &self.config;
        let catalog = &token.catalog;
        let mut url = catalog.address(call.service, &self.region, *interface, endpoint_overrides, &token.project_id)?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(&call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    /// The present token, renewed when its end is near. Nobody waits for a renewal that
    /// another call has begun or that failed just now: the old token still does.
    async fn fresh_token(&self) -> Arc<Token> {
        let token = self.token();
        let due = token.renew_at.is_some_and(|at| at <= Instant::now()) && auth::is_renewable(&self.config);
        let failed = |failure: &Failure| failure.at.elapsed() < REFUSAL_HOLDS;
        if !due || self.renewal.try_lock().map_or(true, |failure| failure.as_ref().is_some_and(failed)) {
            return token;
        }
        self.renew(token.generation).await.unwrap_or(token)
    }

    /// A token newer than `stale`. Whoever comes first logs in; the others wait and share what came out.
    async fn renew(&self, stale: u64) -> Result<Arc<Token>, CloudError> {
        let asked = Instant::now();
        let mut failure = self.renewal.lock().await;
        let present = self.token();
        if present.generation > stale {
            return Ok(present);
        }
        if let Some(failure) = failure.as_ref() {
            let refused = failure.error.kind == CloudErrorKind::Unauthenticated && failure.at.elapsed() < REFUSAL_HOLDS;
            if failure.at >= asked || refused {
                return Err(failure.error.clone());
            }
        }
        let result = if auth::is_renewable(&self.config) {
            auth::login(&self.http, &self.config, stale + 1).await
        } else {
            Err(Refusal::Cloud(transport::failure(KEYSTONE, CloudErrorKind::Unauthenticated, ENDED)))
        };
        match result {
            Ok(token) => {
                let token = Arc::new(token);
                *self.token.write().unwrap_or_else(std::sync::PoisonError::into_inner) = token.clone();
                *failure = None;
                tracing::info!(generation = token.generation, "logged in again");
                Ok(token)
            }
            Err(refusal) => {
                let error = CloudError::from(refusal);
                *failure = Some(Failure { at: Instant::now(), error: error.clone() });
                Err(error)
            }
        }
    }
}

/// What a user reads when a token ended that only a person can replace.
const ENDED: &str =
    "the token has ended, and a one-time passcode or given token cannot be used again; start anew with a fresh one";

/// The answer's body as JSON.
fn parsed(service: Service, answer: &Answer) -> Result<Value, CloudError> {
    serde_json::from_slice(&answer.body).map_err(|_| strange(service, answer, "JSON"))
}

/// The error of an answer of success in a form that the service does not use for it.
fn strange(service: Service, answer: &Answer, form: &str) -> CloudError {
    let told = format!("the answer is not {form}, so it is not this service's: perhaps a proxy's before it");
    CloudError {
        status: Some(answer.status.as_u16()),
        request_id: fault::request_id(&answer.headers),
        ..transport::failure(service, CloudErrorKind::Protocol, told)
    }
}

/// Where a redirect leads, if that is the same host: the token goes nowhere else.
/// A service behind a TLS proxy names itself with `http` and its inner port; the
/// scheme and port in use stay then.
fn redirected(service: Service, from: &Url, answer: &Answer) -> Result<Url, CloudError> {
    let refuse = |told: String| CloudError {
        status: Some(answer.status.as_u16()),
        request_id: fault::request_id(&answer.headers),
        ..transport::failure(service, CloudErrorKind::Protocol, told)
    };
    let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let mut to = location
        .and_then(|location| from.join(location).ok())
        .ok_or_else(|| refuse(format!("a redirect without a usable address from {}", transport::shown(from))))?;
    let downgraded = from.scheme() == "https" && to.scheme() == "http";
    if to.host() != from.host() || (to.port_or_known_default() != from.port_or_known_default() && !downgraded) {
        let told = format!("a redirect to another host, {}, was not followed", transport::shown(&to));
        return Err(refuse(told));
    }
    if to.set_scheme(from.scheme()).is_err() || to.set_port(from.port()).is_err() {
        return Err(refuse("a redirect to an address that is not http".to_owned()));
    }
    Ok(to)
}

/// How long to wait before the next attempt: what the service asks for, else twice
/// as long each time, with jitter so that many clients do not come back at once.
fn pause(repeats: u32, retry_after: Option<Duration>) -> Duration {
    let backoff = BACKOFF_FIRST * 2u32.saturating_pow(repeats.min(6));
    backoff.mul_f64(fastrand::f64().mul_add(0.5, 0.5)).max(retry_after.unwrap_or_default())
}
