//! A bare client of the demo cloud.

use std::collections::BTreeMap;
use std::time::Duration;

use jeroboam::demo::DemoCloud;
use serde_json::{Value, json};

pub struct Client {
    http: reqwest::Client,
    token: String,
    services: BTreeMap<String, String>,
}

/// Longer than anything may take here.
const DEADLINE: Duration = Duration::from_secs(30);

impl Client {
    pub async fn log_in(cloud: &DemoCloud) -> Self {
        let http = reqwest::Client::new();
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "demo", "domain": {"id": "default"}}}},
            "scope": {"project": {"name": "demo", "domain": {"id": "default"}}},
        }});
        let answer = http.post(format!("{}/auth/tokens", cloud.auth_url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let token = answer.headers()["X-Subject-Token"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        let services = body["token"]["catalog"].as_array().unwrap().iter().map(|service| {
            (service["type"].as_str().unwrap().to_owned(), service["endpoints"][0]["url"].as_str().unwrap().to_owned())
        });
        Self { http, token, services: services.collect() }
    }

    pub fn url(&self, service: &str, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.services[service]) }
    }

    pub async fn try_get(&self, service: &str, path: &str) -> Result<Value, reqwest::Error> {
        self.http.get(self.url(service, path)).header("X-Auth-Token", &self.token).send().await?.json().await
    }

    pub async fn get(&self, service: &str, path: &str) -> Value {
        self.try_get(service, path).await.unwrap()
    }

    pub async fn status(&self, service: &str, path: &str) -> u16 {
        let sent = self.http.get(self.url(service, path)).header("X-Auth-Token", &self.token).send().await;
        sent.unwrap().status().as_u16()
    }

    pub async fn post_raw(&self, service: &str, path: &str, body: String) -> (u16, String) {
        let request = self.http.post(self.url(service, path)).header("X-Auth-Token", &self.token);
        let answer = request.header("Accept", "application/json").body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub async fn post_as(&self, token: &str, url: &str, body: &Value) -> (u16, String) {
        let answer = self.http.post(url).header("X-Auth-Token", token).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Asks for a stack; its id.
    pub async fn create(&self, name: &str, mut body: Value) -> String {
        body["stack_name"] = name.into();
        let (status, text) = self.post_raw("orchestration", "/stacks", body.to_string()).await;
        assert_eq!(status, 201, "{text}");
        let made: Value = serde_json::from_str(&text).unwrap();
        made["stack"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn until(&self, path: &str, good: impl Fn(&Value) -> bool) -> Value {
        let watch = async {
            loop {
                let body = self.get("orchestration", path).await;
                if good(&body) {
                    return body;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(DEADLINE, watch).await.unwrap_or_else(|_| panic!("{path} did not come about"))
    }

    /// The stack once it moves no more.
    pub async fn settled(&self, id: &str) -> Value {
        let moving = |body: &Value| body["stack"]["stack_status"].as_str().unwrap().ends_with("IN_PROGRESS");
        self.until(&format!("/stacks/{id}"), |body| !moving(body)).await["stack"].clone()
    }

    /// Deletes a stack and waits until it is gone.
    pub async fn delete(&self, id: &str) {
        let url = self.url("orchestration", &format!("/stacks/{id}"));
        let found: Value =
            self.http.get(&url).header("X-Auth-Token", &self.token).send().await.unwrap().json().await.unwrap();
        let name = found["stack"]["stack_name"].as_str().unwrap();
        let url = self.url("orchestration", &format!("/stacks/{name}/{id}"));
        let answer = self.http.delete(url).header("X-Auth-Token", &self.token).send().await.unwrap();
        assert_eq!(answer.status(), 204);
        self.until(&format!("/stacks/{id}"), |body| body["stack"]["stack_status"] == "DELETE_COMPLETE").await;
    }

    /// How many of each thing there are.
    pub async fn inventory(&self) -> BTreeMap<&'static str, usize> {
        let mut out = BTreeMap::new();
        for (service, path, key) in [
            ("compute", "/servers", "servers"),
            ("compute", "/os-server-groups", "server_groups"),
            ("network", "/v2.0/networks", "networks"),
            ("network", "/v2.0/subnets", "subnets"),
            ("network", "/v2.0/routers", "routers"),
            ("network", "/v2.0/ports", "ports"),
            ("network", "/v2.0/floatingips", "floatingips"),
            ("network", "/v2.0/security-groups", "security_groups"),
            ("network", "/v2.0/security-group-rules", "security_group_rules"),
            ("load-balancer", "/v2/lbaas/loadbalancers", "loadbalancers"),
            ("load-balancer", "/v2/lbaas/listeners", "listeners"),
            ("load-balancer", "/v2/lbaas/pools", "pools"),
            ("load-balancer", "/v2/lbaas/healthmonitors", "healthmonitors"),
            ("block-storage", "/volumes", "volumes"),
            ("orchestration", "/stacks", "stacks"),
        ] {
            out.insert(key, self.get(service, path).await[key].as_array().unwrap().len());
        }
        out
    }
}
