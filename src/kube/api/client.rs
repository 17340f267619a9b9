//! HTTPS to one cluster's API server.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Certificate, Identity, Method, Proxy, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::drain::{self, Drained, Pace};
use super::read::{self, Pod};
use super::{Api, Keys, KubeError, KubeErrorKind, Node, Readiness, Route};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Of one exchange, body included. An API server under pressure takes seconds, a dead one for ever.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// No list we ask for is near this; a hostile answer must not fill the memory.
const BODY_MAX: usize = 64 << 20;
const PAGE: &str = "500";
/// Pages of one list; a server that never stops giving a `continue` is not followed for ever.
const PAGES: usize = 200;
/// Stands in every API server's certificate, so that a forward at another address can still be held to it.
pub const NAME: &str = "kubernetes.default.svc";

pub struct Client {
    http: reqwest::Client,
    /// Ends without a slash.
    base: String,
    /// How the server is named in messages: its own address, and the way there.
    place: String,
    pace: Pace,
}

struct Answer {
    status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Client {
    /// `server`: `https://IP:6443`. Connects to nothing yet.
    pub fn new(server: &str, route: &Route, keys: &Keys) -> Result<Self, KubeError> {
        let setup = |told: String| KubeError::new(KubeErrorKind::Setup, told);
        let url = Url::parse(server).ok().filter(|url| url.scheme() == "https" && url.has_host());
        let url = url.ok_or_else(|| setup(format!("\"{server}\" is not the address of an API server")))?;
        let authorities = Certificate::from_pem_bundle(keys.ca.as_bytes()).ok().filter(|all| !all.is_empty());
        let authorities = authorities.ok_or_else(|| setup("the cluster's CA certificate cannot be used".into()))?;
        let pem = SecretString::from(format!("{}\n{}", keys.certificate, keys.key.expose_secret()));
        let identity = Identity::from_pem(pem.expose_secret().as_bytes())
            .map_err(|_| setup("the client certificate cannot be used".into()))?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("jeroboam/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .tls_certs_only(authorities)
            .identity(identity);
        let shown = server.trim_end_matches('/');
        let (base, place) = match route {
            Route::Direct => (shown.to_owned(), shown.to_owned()),
            Route::Forward(address) => {
                builder = builder.no_proxy().resolve(NAME, *address);
                (format!("https://{NAME}:{}", address.port()), format!("{shown} through {address}"))
            }
            Route::Proxy(proxy) => {
                let used = Proxy::all(proxy.as_str()).map_err(|error| setup(format!("the proxy {proxy}: {error}")))?;
                builder = builder.no_proxy().proxy(used);
                let via = format!("{}:{}", proxy.host_str().unwrap_or_default(), proxy.port().unwrap_or_default());
                (url.as_str().trim_end_matches('/').to_owned(), format!("{shown} through the proxy {via}"))
            }
        };
        let http = builder.build().map_err(|error| setup(format!("TLS cannot be set up: {}", reason(&error))))?;
        Ok(Self { http, base, place, pace: Pace::default() })
    }

    /// How quickly a drain looks again; tests make it quicker.
    #[must_use]
    pub fn paced(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<(&str, Value)>) -> Result<Answer, KubeError> {
        let started = std::time::Instant::now();
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        request = request.header(ACCEPT, "application/json, text/plain");
        if let Some((kind, body)) = body {
            request = request.header(CONTENT_TYPE, kind).body(body.to_string());
        }
        let result = self.run(request).await;
        let ms = started.elapsed().as_millis();
        match &result {
            Ok(answer) => {
                tracing::debug!(target: "jeroboam::api", %method, api = self.place, path, status = answer.status, ms);
            }
            Err(error) => {
                tracing::debug!(target: "jeroboam::api", %method, api = self.place, path, ms, error = error.message);
            }
        }
        result
    }

    async fn run(&self, request: reqwest::RequestBuilder) -> Result<Answer, KubeError> {
        let mut response = request.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status().as_u16();
        let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(self.error(KubeErrorKind::Odd, "its answer is larger than 64 MB"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, retry_after: seconds.map(Duration::from_secs), body })
    }

    fn error(&self, kind: KubeErrorKind, told: impl AsRef<str>) -> KubeError {
        KubeError::new(kind, format!("{}: {}", self.place, told.as_ref()))
    }

    fn broken(&self, error: &reqwest::Error) -> KubeError {
        if error.is_timeout() {
            let told = if error.is_connect() { "no connection in time" } else { "no complete answer in time" };
            return self.error(KubeErrorKind::Unreachable, told);
        }
        let told = reason(error);
        let kind = if ["certificate", "fatal alert", "CaUsed", "InvalidContentType"].iter().any(|w| told.contains(w)) {
            KubeErrorKind::Untrusted
        } else {
            KubeErrorKind::Unreachable
        };
        self.error(kind, told.split(" (os error").next().unwrap_or(&told))
    }

    fn refusal(&self, doing: &str, answer: &Answer) -> KubeError {
        let kind = match answer.status {
            401 | 403 => KubeErrorKind::Denied,
            429 | 500.. => KubeErrorKind::Busy,
            _ => KubeErrorKind::Refused,
        };
        let told = format!("{doing}: {} [HTTP {}]", read::message(&answer.body), answer.status);
        KubeError { status: Some(answer.status), ..self.error(kind, told) }
    }

    /// Every item of a list, page after page.
    async fn list(&self, doing: &str, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, KubeError> {
        let (mut found, mut next) = (Vec::new(), String::new());
        for _ in 0..PAGES {
            let paged = [("limit", PAGE), ("continue", next.as_str())];
            let pairs = paged.iter().filter(|(_, value)| !value.is_empty()).chain(query);
            let path = format!("{path}?{}", encoded(pairs));
            let answer = self.exchange(Method::GET, &path, None).await?;
            if answer.status != 200 {
                return Err(self.refusal(doing, &answer));
            }
            let mut page: Value = serde_json::from_slice(&answer.body)
                .map_err(|_| self.error(KubeErrorKind::Odd, format!("{doing}: the answer is not JSON")))?;
            let Value::Array(items) = page["items"].take() else {
                return Err(self.error(KubeErrorKind::Odd, format!("{doing}: the answer is no list")));
            };
            found.extend(items);
            next = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
            if next.is_empty() {
                return Ok(found);
            }
        }
        Err(self.error(KubeErrorKind::Odd, format!("{doing}: the list does not end")))
    }

    pub(super) async fn pods(&self, node: &str) -> Result<Vec<Pod>, KubeError> {
        let selector = format!("spec.nodeName={node}");
        let items = self.list("list pods", "/api/v1/pods", &[("fieldSelector", &selector)]).await?;
        Ok(items.iter().filter_map(read::pod).collect())
    }

    pub(super) async fn evict(&self, pod: &Pod) -> Result<drain::Evicted, KubeError> {
        let (namespace, name) = (escaped(&pod.namespace), escaped(&pod.name));
        let eviction = json!({
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": { "name": pod.name, "namespace": pod.namespace },
            // Another pod may have taken the name meanwhile.
            "deleteOptions": { "preconditions": { "uid": pod.uid } },
        });
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/eviction");
        let answer = self.exchange(Method::POST, &path, Some((JSON, eviction))).await?;
        match answer.status {
            200..=299 => Ok(drain::Evicted::Yes),
            404 | 409 => Ok(drain::Evicted::Gone),
            // A budget has nothing to spare, or the server wants fewer requests: the same to us.
            429 => Ok(drain::Evicted::Later(read::message(&answer.body), answer.retry_after)),
            // Two budgets for one pod are answered with this, for ever.
            500.. => Ok(drain::Evicted::Later(read::message(&answer.body), None)),
            _ => Err(self.refusal(&format!("evict pod {}/{}", pod.namespace, pod.name), &answer)),
        }
    }
}

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

#[async_trait]
impl Api for Client {
    async fn readiness(&self) -> Result<Readiness, KubeError> {
        let answer = self.exchange(Method::GET, "/readyz?verbose", None).await?;
        let ready = match answer.status {
            200 => true,
            500 | 503 => false,
            _ => return Err(self.refusal("ask whether it is ready", &answer)),
        };
        let failing = read::failing_checks(&String::from_utf8_lossy(&answer.body));
        // Said by the same server: a failure here takes nothing from the answer above.
        let version = self.exchange(Method::GET, "/version", None).await.ok();
        let version = version.filter(|answer| answer.status == 200);
        let version = version.and_then(|answer| serde_json::from_slice::<Value>(&answer.body).ok());
        let version = version.and_then(|body| body["gitVersion"].as_str().map(crate::model::text::clean));
        Ok(Readiness { ready, failing, version })
    }

    async fn nodes(&self) -> Result<Vec<Node>, KubeError> {
        let items = self.list("list nodes", "/api/v1/nodes", &[]).await?;
        Ok(items.iter().filter_map(read::node).collect())
    }

    async fn cordon(&self, node: &str, on: bool) -> Result<bool, KubeError> {
        let patch = json!({ "spec": { "unschedulable": on.then_some(true) } });
        let path = format!("/api/v1/nodes/{}", escaped(node));
        let answer = self.exchange(Method::PATCH, &path, Some((MERGE_PATCH, patch))).await?;
        match answer.status {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(self.refusal(&format!("cordon node {node}"), &answer)),
        }
    }

    async fn drain(&self, node: &str, limit: Duration) -> Result<Drained, KubeError> {
        drain::drain(self, node, limit, self.pace).await
    }

    async fn delete_node(&self, node: &str) -> Result<bool, KubeError> {
        let answer = self.exchange(Method::DELETE, &format!("/api/v1/nodes/{}", escaped(node)), None).await?;
        match answer.status {
            200..=299 => Ok(true),
            404 => Ok(false),
            _ => Err(self.refusal(&format!("delete node {node}"), &answer)),
        }
    }
}

fn encoded<'a>(pairs: impl Iterator<Item = &'a (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn escaped(segment: &str) -> String {
    url::form_urlencoded::byte_serialize(segment.as_bytes()).collect()
}

/// The innermost reason, which is the one that tells.
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
