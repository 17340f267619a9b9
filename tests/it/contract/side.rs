//! One cloud, spoken to without any client in between.

use std::collections::BTreeMap;
use std::time::Duration;

use jeroboam::demo::{self, DemoCloud, Options};
use serde_json::{Value, json};

use super::shape::Answer;

pub struct Side {
    client: reqwest::Client,
    pub auth_url: String,
    pub token: String,
    pub project: String,
    pub user: String,
    /// URL by service type.
    services: BTreeMap<String, String>,
    /// Nodes signal by themselves.
    pub signals: bool,
}

/// The demo cloud, as fast as it goes.
pub async fn demo() -> (DemoCloud, Side) {
    let directory = tempfile::tempdir().unwrap();
    let cloud =
        demo::start(Options { speed: 1000.0, minute: Duration::from_secs(60), ..Options::new(directory.path()) })
            .await
            .unwrap();
    let side = Side::log_in(&std::fs::read_to_string(&cloud.clouds_yaml).unwrap(), "demo", true).await;
    (cloud, side)
}

/// The cloud of `OS_CLOUD`, which must take a password.
pub async fn real() -> Side {
    let name = std::env::var("OS_CLOUD").expect("OS_CLOUD names the cloud");
    let file = std::env::var("OS_CLIENT_CONFIG_FILE").expect("OS_CLIENT_CONFIG_FILE names the clouds.yaml");
    Side::log_in(&std::fs::read_to_string(file).unwrap(), &name, false).await
}

impl Side {
    async fn log_in(clouds: &str, name: &str, signals: bool) -> Self {
        let clouds: Value = serde_saphyr::from_str(clouds).unwrap();
        let auth = &clouds["clouds"][name]["auth"];
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let auth_url = auth["auth_url"].as_str().unwrap().to_owned();
        let answer = client
            .post(format!("{auth_url}/auth/tokens"))
            .json(&json!({"auth": {
                "identity": {"methods": ["password"], "password": {"user": {
                    "name": auth["username"], "password": auth["password"], "domain": {"name": auth["user_domain_name"]},
                }}},
                "scope": {"project": {"name": auth["project_name"], "domain": {"name": auth["project_domain_name"]}}},
            }}))
            .send()
            .await
            .unwrap();
        let token = answer.headers()["X-Subject-Token"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        let body = &body["token"];
        let mut services = BTreeMap::from([("auth".to_owned(), auth_url.clone())]);
        for service in body["catalog"].as_array().unwrap() {
            let public = service["endpoints"].as_array().unwrap().iter().find(|e| e["interface"] == "public").unwrap();
            let url = public["url"].as_str().unwrap().trim_end_matches('/').to_owned();
            services.insert(service["type"].as_str().unwrap().to_owned(), url);
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            client,
            auth_url,
            token,
            project: text(&body["project"]["id"]),
            user: text(&body["user"]["id"]),
            services,
            signals,
        }
    }

    pub fn url(&self, service: &str, path: &str) -> String {
        if path.starts_with("http://") || path.starts_with("https://") {
            return path.to_owned();
        }
        format!("{}{path}", self.services[service])
    }

    /// One call; what to compare of its answer, and the body.
    pub async fn ask(&self, call: &Ask<'_>) -> (Answer, Value) {
        let method = reqwest::Method::from_bytes(call.method.as_bytes()).unwrap();
        let mut request = self.client.request(method, self.url(call.service, &call.path));
        if call.headers.iter().all(|(name, _)| *name != "Accept") {
            request = request.header("Accept", "application/json");
        }
        if let Some(token) = call.token.unwrap_or(Some(&self.token)) {
            request = request.header("X-Auth-Token", token);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &call.body {
            request = request.header("Content-Type", "application/json").body(body.clone());
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let hide = [(self.user.clone(), "USER"), (self.project.clone(), "PROJECT")];
        (Answer::of(status, &headers, &text, &hide), serde_json::from_str(&text).unwrap_or_default())
    }

    pub async fn get(&self, service: &str, path: &str) -> Value {
        self.ask(&Ask::get(service, path)).await.1
    }
}

/// A request.
#[derive(Clone, Default)]
pub struct Ask<'a> {
    pub service: &'a str,
    pub method: &'a str,
    pub path: String,
    pub body: Option<String>,
    pub headers: Vec<(&'a str, String)>,
    /// Another token than the side's own; `Some(None)`: none.
    pub token: Option<Option<&'a str>>,
}

impl<'a> Ask<'a> {
    pub fn get(service: &'a str, path: &str) -> Self {
        Self { service, method: "GET", path: path.to_owned(), ..Self::default() }
    }

    pub fn send(service: &'a str, method: &'a str, path: &str, body: &Value) -> Self {
        Self { body: Some(body.to_string()), method, ..Self::get(service, path) }
    }
}
