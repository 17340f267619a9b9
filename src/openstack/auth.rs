//! Getting a token from Keystone v3.
//! <https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management>

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, HeaderValue, LOCATION};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use url::Url;

use super::catalog::{Catalog, KEYSTONE};
use super::transport::{self, Answer, Broken, Http};
use super::{fault, field};
use crate::cloud::{CloudError, CloudErrorKind};
use crate::config::clouds::{AppCredential, CloudConfig, Domain, Method, ScopeWish, User};
use crate::model::text::clean;

/// A token is renewed this long before its end, or at half its life when it is short.
const RENEW_BEFORE: Duration = Duration::from_secs(120);

/// What a login gives.
#[derive(Debug)]
pub struct Token {
    /// Counts logins of a session; tells whether somebody else has renewed meanwhile.
    pub generation: u64,
    /// Marked sensitive: `Debug` and logs hide it.
    pub header: HeaderValue,
    /// When to get the next one. From Keystone's own times, laid on the local clock,
    /// so that a clock that is off does no harm.
    pub renew_at: Option<Instant>,
    /// By Keystone's clock.
    pub ends: Option<DateTime<Utc>>,
    pub lives: Option<TimeDelta>,
    /// Id of the application credential it was got with.
    pub application_credential: Option<String>,
    pub catalog: Catalog,
    pub project_id: String,
    pub project_name: String,
    pub user_id: String,
    pub user_name: String,
    /// Names of the roles in the project.
    pub roles: Vec<String>,
    /// It was got with an application credential that may make no others.
    pub restricted: bool,
}

/// Why a login failed.
#[derive(Debug)]
pub enum Refusal {
    /// Keystone said no in its own words, or could not be reached.
    Cloud(CloudError),
    /// What answers there is no Keystone v3.
    NotKeystone(String),
    /// The methods given were right, but a rule of the user asks for these together
    /// (`password+totp`).
    MoreFactors(String),
}

impl From<Refusal> for CloudError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Cloud(error) => error,
            Refusal::NotKeystone(told) => transport::failure(KEYSTONE, CloudErrorKind::Protocol, told),
            Refusal::MoreFactors(rule) => transport::failure(
                KEYSTONE,
                CloudErrorKind::Unauthenticated,
                format!("more factors are needed to log in: {rule}"),
            ),
        }
    }
}

impl From<Box<Broken>> for Refusal {
    fn from(broken: Box<Broken>) -> Self {
        Self::Cloud(broken.error)
    }
}

/// Whether the same configuration can log in a second time.
pub fn is_renewable(config: &CloudConfig) -> bool {
    config.methods.iter().all(|method| matches!(method, Method::Password { .. } | Method::ApplicationCredential { .. }))
}

/// `…/v3`, whatever part of it the configuration has.
pub fn identity_url(auth_url: &Url) -> Url {
    let mut url = auth_url.clone();
    let tail = url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
        match tail.as_str() {
            "v3" => {}
            "v2.0" => {
                segments.pop().push("v3");
            }
            _ => {
                segments.push("v3");
            }
        }
    }
    url.set_query(None);
    url
}

/// One attempt, never repeated: a wrong password counts towards lock-out.
pub async fn login(http: &Http, config: &CloudConfig, generation: u64) -> Result<Token, Refusal> {
    let mut url = identity_url(&config.auth_url);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(["auth", "tokens"]);
    }
    let request = match (config.methods.as_slice(), &config.scope) {
        // A token that is to stay as it is needs no new one, and restricted ones give none.
        ([Method::Token { token }], ScopeWish::Implied) => {
            let header = sensitive(token.expose_secret())?;
            http.client.get(url.clone()).header("X-Auth-Token", header.clone()).header("X-Subject-Token", header)
        }
        _ => http.client.post(url.clone()).json(&body(config)),
    };
    let answer = http.exchange(KEYSTONE, request, 1).await?;
    if answer.status.is_success() {
        return token(&answer, config, generation);
    }
    if let Some(rule) = missing_factors(&answer) {
        return Err(Refusal::MoreFactors(rule));
    }
    let place = transport::shown(&url);
    let location = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok());
    if let Some(to) = location.filter(|_| answer.status.is_redirection()) {
        return Err(Refusal::NotKeystone(format!("{place} redirects to {}", clean(to))));
    }
    let error = fault::from_answer(KEYSTONE, answer.status, &answer.headers, &answer.body);
    let spoken = serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body["error"]["message"].is_string());
    // Keystone also says 404, in its own form, for an application credential it does not know.
    match error.kind {
        CloudErrorKind::NotFound | CloudErrorKind::BadRequest | CloudErrorKind::Protocol if !spoken => {
            Err(Refusal::NotKeystone(format!("{place} answers HTTP {}", answer.status.as_u16())))
        }
        CloudErrorKind::NotFound => Err(Refusal::Cloud(CloudError { kind: CloudErrorKind::Unauthenticated, ..error })),
        _ => Err(Refusal::Cloud(error)),
    }
}

fn token(answer: &Answer, config: &CloudConfig, generation: u64) -> Result<Token, Refusal> {
    let odd = |what: &str| Refusal::NotKeystone(format!("{}: {what}", transport::shown(&config.auth_url)));
    let value: Value = serde_json::from_slice(&answer.body).map_err(|_| odd("the answer is not JSON"))?;
    let token = value.get("token").filter(|token| token.is_object()).ok_or_else(|| odd("the answer has no token"))?;
    let header = match (answer.headers.get("x-subject-token"), config.methods.as_slice()) {
        (Some(header), _) => {
            let mut header = header.clone();
            header.set_sensitive(true);
            header
        }
        (None, [Method::Token { token }]) => sensitive(token.expose_secret())?,
        (None, _) => return Err(odd("the answer has no X-Subject-Token header")),
    };
    Ok(Token {
        generation,
        header,
        renew_at: lifetime(token)
            .and_then(|lifetime| Instant::now().checked_add(lifetime - RENEW_BEFORE.min(lifetime / 2))),
        ends: field::time(token, "expires_at"),
        lives: lifetime(token).and_then(|lives| TimeDelta::from_std(lives).ok()),
        application_credential: field::some_text(&token["application_credential"], "id"),
        catalog: Catalog::parse(&token["catalog"]),
        project_id: field::text(&token["project"], "id"),
        project_name: field::text(&token["project"], "name"),
        user_id: field::text(&token["user"], "id"),
        user_name: field::text(&token["user"], "name"),
        roles: field::array(&token["roles"]).iter().map(|role| field::text(role, "name")).collect(),
        restricted: field::flag(&token["application_credential"], "restricted"),
    })
}

/// How long the token lives from its issue on. A token brought along is older
/// than that says, but then it cannot be renewed either.
fn lifetime(token: &Value) -> Option<Duration> {
    (field::time(token, "expires_at")? - field::time(token, "issued_at")?).to_std().ok()
}

/// The rule a receipt tells. <https://docs.openstack.org/keystone/latest/user/multi-factor-authentication.html>
fn missing_factors(answer: &Answer) -> Option<String> {
    if answer.status.as_u16() != 401 || !has_receipt(&answer.headers) {
        return None;
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let rules = field::array(&body["required_auth_methods"]).iter().map(|rule| {
        let mut methods: Vec<&str> = field::array(rule).iter().filter_map(Value::as_str).collect();
        methods.sort_unstable();
        clean(&methods.join("+"))
    });
    let rules: Vec<String> = rules.filter(|rule| !rule.is_empty()).collect();
    Some(if rules.is_empty() { "another factor".to_owned() } else { rules.join(" or ") })
}

fn has_receipt(headers: &HeaderMap) -> bool {
    headers.contains_key("openstack-auth-receipt")
}

fn sensitive(token: &str) -> Result<HeaderValue, Refusal> {
    let mut header = HeaderValue::from_str(token).map_err(|_| {
        let told = "the token has characters that no token has";
        Refusal::Cloud(transport::failure(KEYSTONE, CloudErrorKind::Unauthenticated, told))
    })?;
    header.set_sensitive(true);
    Ok(header)
}

fn body(config: &CloudConfig) -> Value {
    let mut identity = Map::new();
    let mut methods = Vec::new();
    for method in &config.methods {
        let (name, value) = match method {
            Method::Password { user, password } => ("password", json!({"user": with_user(user, "password", password)})),
            Method::Totp { user, passcode } => ("totp", json!({"user": with_user(user, "passcode", passcode)})),
            Method::Token { token } => ("token", json!({"id": token.expose_secret()})),
            Method::ApplicationCredential { credential, secret } => {
                let mut value = match credential {
                    AppCredential::Id(id) => json!({"id": id}),
                    AppCredential::Name { name, user: owner } => json!({"name": name, "user": user(owner)}),
                };
                value["secret"] = secret.expose_secret().into();
                ("application_credential", value)
            }
        };
        methods.push(Value::from(name));
        identity.insert(name.to_owned(), value);
    }
    identity.insert("methods".to_owned(), Value::Array(methods));
    let mut auth = json!({"identity": identity});
    let scope = match &config.scope {
        ScopeWish::ProjectId(id) => Some(json!({"project": {"id": id}})),
        ScopeWish::ProjectName { name, domain: of } => Some(json!({"project": {"name": name, "domain": domain(of)}})),
        ScopeWish::Domain(of) => Some(json!({"domain": domain(of)})),
        ScopeWish::System => Some(json!({"system": {"all": true}})),
        ScopeWish::Implied => None,
    };
    if let Some(scope) = scope {
        auth["scope"] = scope;
    }
    json!({"auth": auth})
}

fn with_user(who: &User, key: &str, secret: &SecretString) -> Value {
    let mut value = user(who);
    value[key] = secret.expose_secret().into();
    value
}

fn user(user: &User) -> Value {
    match user {
        User::Id(id) => json!({"id": id}),
        User::Name { name, domain: of } => json!({"name": name, "domain": domain(of)}),
    }
}

fn domain(domain: &Domain) -> Value {
    match domain {
        Domain::Id(id) => json!({"id": id}),
        Domain::Name(name) => json!({"name": name}),
    }
}

#[cfg(test)]
mod tests {
    use super::identity_url;

    #[test]
    fn the_identity_address_ends_in_v3_once() {
        for (given, want) in [
            ("http://k:5000", "http://k:5000/v3"),
            ("http://k:5000/v3/", "http://k:5000/v3"),
            ("http://k/identity", "http://k/identity/v3"),
            ("http://k/identity/v3", "http://k/identity/v3"),
            ("http://k:35357/v2.0", "http://k:35357/v3"),
        ] {
            assert_eq!(identity_url(&given.parse().unwrap()).as_str(), want);
        }
    }
}
