//! A Keystone with a catalogue that leads back to the same mock server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jeroboam::cloud::Cloud;
use jeroboam::config::clouds::{self, CloudConfig, Selection};
use jeroboam::openstack;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub const PROJECT: &str = "97ba5c6a3cc74f6babeadf62ad70449a";

/// Gives `token-1`, `token-2`, … and counts.
#[derive(Clone)]
pub struct Keystone {
    pub logins: Arc<AtomicUsize>,
    address: String,
    /// Seconds that a token lives.
    lifetime: i64,
}

impl Respond for Keystone {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let number = self.logins.fetch_add(1, Ordering::SeqCst) + 1;
        let body = token_body(&self.address, self.lifetime);
        ResponseTemplate::new(201).insert_header("X-Subject-Token", format!("token-{number}")).set_body_json(body)
    }
}

pub fn token_body(address: &str, lifetime: i64) -> Value {
    let now = chrono::Utc::now();
    let time = |t: chrono::DateTime<chrono::Utc>| t.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    let service = |kind: &str, below: &str| {
        let endpoint =
            |region: &str| json!({"interface": "public", "region_id": region, "url": format!("{address}{below}")});
        json!({"type": kind, "endpoints": [endpoint("RegionOne")]})
    };
    json!({"token": {
        "methods": ["password"],
        "user": {"id": "u1", "name": "demo", "domain": {"id": "default", "name": "Default"}},
        "project": {"id": PROJECT, "name": "demo", "domain": {"id": "default", "name": "Default"}},
        "issued_at": time(now),
        "expires_at": time(now + chrono::TimeDelta::seconds(lifetime)),
        "catalog": [
            service("identity", "/v3"),
            service("orchestration", &format!("/heat/v1/{PROJECT}")),
            service("image", "/image"),
            service("network", "/network"),
            service("compute", "/compute/v2.1"),
        ],
    }})
}

/// A server that logs everybody in.
pub async fn keystone(lifetime: i64) -> (MockServer, Keystone) {
    let server = MockServer::start().await;
    let keystone = Keystone { logins: Arc::default(), address: server.uri(), lifetime };
    Mock::given(method("POST")).and(path("/v3/auth/tokens")).respond_with(keystone.clone()).mount(&server).await;
    (server, keystone)
}

/// Password configuration for Keystone at this address.
pub fn config(auth_url: &str, more: &[(&str, &str)]) -> CloudConfig {
    let fixed =
        [("OS_AUTH_URL", auth_url), ("OS_USERNAME", "demo"), ("OS_PASSWORD", "s3cret"), ("OS_PROJECT_NAME", "demo")];
    let env: BTreeMap<String, String> =
        fixed.iter().chain(more).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    clouds::load_with(
        &Selection { os_cloud: None, env, cwd: "/".into() },
        &|_| Err(std::io::ErrorKind::NotFound.into()),
    )
    .unwrap()
}

/// Logged in, with tokens that live for a day.
pub async fn cloud() -> (MockServer, Keystone, Cloud) {
    let (server, keystone) = keystone(86_400).await;
    let cloud = openstack::connect(&config(&server.uri(), &[])).await.unwrap();
    (server, keystone, cloud)
}

/// Requests for this path that the server got.
pub async fn asked(server: &MockServer, path: &str) -> Vec<Request> {
    let all = server.received_requests().await.unwrap();
    all.into_iter().filter(|request| request.url.path() == path).collect()
}
