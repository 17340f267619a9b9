//! HTTP as the services' faces see it: a [`Call`] in, a [`Reply`] out. All faces
//! answer at once from the state; only [`serve`] knows axum.

use std::sync::Arc;

use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use chrono::Utc;
use serde_json::{Value, json};

use super::engine::Engine;
use super::world::{Row, Token, new_id, text};
use super::{barbican, cinder, glance, heat, keystone, neutron, nova, octavia};

/// Longest body taken, in bytes; Heat's own limit is lower.
const BODY: usize = 4 << 20;

/// A request, its service's prefix taken off.
pub struct Call {
    pub method: Method,
    /// Decoded segments of the path, empty ones left out.
    pub path: Vec<String>,
    pub query: Query,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Path as it came, with the service's prefix and without the query.
    pub url: String,
    /// The query as it came.
    pub raw_query: String,
}

impl Call {
    pub fn steps(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON; an empty one is null.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        if self.body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&self.body) }
    }
}

/// A query, keys may repeat.
#[derive(Debug, Clone, Default)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    pub fn parse(raw: &str) -> Self {
        Self(url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    /// The last value of a key, as the services take it.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub fn all<'q>(&'q self, key: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| ["1", "t", "true", "yes", "on", "y"].contains(&value.to_lowercase().as_str()))
    }

    /// The query again, `marker` replaced: for links to the next page.
    pub fn after(&self, marker: &str) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(self.0.iter().filter(|(key, _)| key != "marker"));
        out.append_pair("marker", marker).finish()
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

#[derive(Debug)]
pub enum Body {
    Empty,
    Json(Value),
    /// JSON written already: long lists are never held as values.
    Written(String),
    /// What webob makes of an error nobody worded: HTML, or JSON for who asks for that.
    Page(String),
    /// A secret's own text.
    Text(String),
}

/// What is wrong with a request; the same as a reply, but ends the handler.
pub type Answer = Result<Reply, Reply>;

impl Reply {
    pub fn json(status: u16, value: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(value) }
    }

    /// `{"key": [rows…]}`, one row at a time.
    pub fn list(key: &str, rows: impl Iterator<Item = Value>) -> Self {
        let mut text = format!("{{\"{key}\": [");
        for (nth, row) in rows.enumerate() {
            if nth > 0 {
                text.push_str(", ");
            }
            text.push_str(&row.to_string());
        }
        text.push_str("]}");
        Self { status: 200, headers: Vec::new(), body: Body::Written(text) }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// An error that no service worded.
    pub fn page(status: u16, explanation: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: Body::Page(explanation.into()) }
    }

    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: Body::Text(text.into()) }
    }

    pub fn no_route() -> Self {
        Self::page(404, "The resource could not be found.")
    }
}

/// One of the services behind the one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Identity,
    Image,
    Compute,
    Network,
    Orchestration,
    LoadBalancer,
    Volume,
    KeyManager,
}

impl Service {
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Image,
        Self::Compute,
        Self::Network,
        Self::Orchestration,
        Self::LoadBalancer,
        Self::Volume,
        Self::KeyManager,
    ];

    /// First segment of its URLs.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Image => "image",
            Self::Compute => "compute",
            Self::Network => "network",
            Self::Orchestration => "orchestration",
            Self::LoadBalancer => "load-balancer",
            Self::Volume => "volume",
            Self::KeyManager => "key-manager",
        }
    }

    /// The refusal of a call without a good token, as this service's middleware words it.
    fn unauthorized(self, base: &str) -> Reply {
        let words = "The request you have made requires authentication.";
        let reply = match self {
            Self::Image => Reply::page(
                401,
                "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.",
            ),
            _ => Reply::json(401, json!({"error": {"code": 401, "title": "Unauthorized", "message": words}})),
        };
        reply.with("WWW-Authenticate", format!("Keystone uri=\"{base}/identity/\""))
    }
}

/// The token a call came with, when it is good.
pub fn token_of(engine: &Engine, call: &Call) -> Option<Token> {
    let token = call.header("X-Auth-Token")?;
    engine.world().tokens.get(token).filter(|token| token.expires > Utc::now()).cloned()
}

/// Answers one call.
pub fn answer(engine: &Engine, service: Service, call: &Call) -> Reply {
    let base = engine.world().base.clone();
    let token = token_of(engine, call);
    // What tells versions is open to all; Keystone looks at tokens itself.
    let open =
        call.path.len() < 2 && service != Service::Compute || call.path.is_empty() || service == Service::Identity;
    let good = match &token {
        Some(token) if token.signals_only => {
            service == Service::Orchestration && call.path.last().is_some_and(|step| step == "signal")
        }
        Some(token) => !token.unscoped || service == Service::Identity,
        None => false,
    };
    let answered = if open || good {
        match service {
            Service::Identity => keystone::answer(engine, call, token.as_ref()),
            Service::Image => glance::answer(engine, call),
            Service::Compute => nova::answer(engine, call),
            Service::Network => neutron::answer(engine, call),
            Service::Orchestration => heat::answer(engine, call),
            Service::LoadBalancer => octavia::answer(engine, call),
            Service::Volume => cinder::answer(engine, call),
            Service::KeyManager => barbican::answer(engine, call),
        }
    } else {
        Err(service.unauthorized(&base))
    };
    let reply = answered.unwrap_or_else(|refusal| refusal);
    let id = format!("req-{}", new_id());
    match service {
        Service::Identity => reply.with("Vary", "X-Auth-Token").with("X-Openstack-Request-Id", id),
        Service::Compute | Service::Volume => {
            reply.with("X-Compute-Request-Id", id.clone()).with("X-Openstack-Request-Id", id)
        }
        _ => reply.with("X-Openstack-Request-Id", id),
    }
}

/// The axum handler for everything.
pub async fn serve(State(engine): State<Arc<Engine>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let url = parts.uri.path().to_owned();
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let mut path: Vec<String> = url.split('/').filter(|step| !step.is_empty()).map(decode).collect();
    let first = path.first().cloned().unwrap_or_default();
    let Some(service) = Service::ALL.into_iter().find(|service| service.prefix() == first) else {
        return into_response(&parts.method, false, Reply::no_route());
    };
    path.remove(0);
    let Ok(body) = to_bytes(body, BODY).await else {
        return into_response(&parts.method, false, Reply::page(413, "The request body is too large."));
    };
    let call = Call {
        path,
        url,
        query: Query::parse(&raw_query),
        raw_query,
        headers: parts.headers,
        body: body.into(),
        // A HEAD is answered as a GET whose body is left out.
        method: if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() },
    };
    let wants_json = call.header("Accept").is_some_and(|accept| accept.contains("json"));
    into_response(&parts.method, wants_json, answer(&engine, service, &call))
}

fn decode(step: &str) -> String {
    // A plus is a plus in a path.
    let step = step.replace('+', "%2B");
    url::form_urlencoded::parse(step.as_bytes()).next().map(|(key, _)| key.into_owned()).unwrap_or_default()
}

fn into_response(method: &Method, wants_json: bool, reply: Reply) -> Response {
    let title = StatusCode::from_u16(reply.status).ok().and_then(|s| s.canonical_reason()).unwrap_or_default();
    let code = format!("{} {title}", reply.status);
    let (kind, bytes) = match reply.body {
        Body::Empty => (None, Vec::new()),
        Body::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
        Body::Written(text) => (Some("application/json"), text.into_bytes()),
        Body::Text(text) => (Some("text/plain; charset=UTF-8"), text.into_bytes()),
        Body::Page(words) if wants_json => {
            // A redirect's words end in another way than an error's.
            let message =
                if reply.status < 400 { format!("{words}\n\n") } else { format!("{words}<br /><br />\n\n\n") };
            let page = json!({"message": message, "code": code, "title": title});
            (Some("application/json"), page.to_string().into_bytes())
        }
        Body::Page(words) => {
            let page = format!(
                "<html>\n <head>\n  <title>{code}</title>\n </head>\n <body>\n  <h1>{code}</h1>\n  {words}<br /><br />\n\n\n\n </body>\n</html>"
            );
            (Some("text/html; charset=UTF-8"), page.into_bytes())
        }
    };
    let bytes = if *method == Method::HEAD { Vec::new() } else { bytes };
    let mut response = Response::new(HttpBody::from(bytes));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    response
}

/// One page of a list.
pub struct Page {
    pub rows: Vec<Row>,
    /// Id of the last row when there may be more.
    pub next: Option<String>,
}

/// Cuts a page out by `limit` and `marker` (an id); the error is the unknown marker.
pub fn page(rows: Vec<Row>, limit: Option<usize>, marker: Option<&str>, key: &str) -> Result<Page, String> {
    let start = match marker {
        Some(marker) => match rows.iter().position(|row| text(row, key) == marker) {
            Some(at) => at + 1,
            None => return Err(marker.to_owned()),
        },
        None => 0,
    };
    let mut rows: Vec<Row> = rows.into_iter().skip(start).collect();
    let full = limit.is_some_and(|limit| limit > 0 && rows.len() >= limit);
    if let Some(limit) = limit {
        rows.truncate(limit);
    }
    let next = if full { rows.last().map(|row| text(row, key).to_owned()) } else { None };
    Ok(Page { rows, next })
}

/// Sorts by `key:direction` pairs as Glance, Neutron and Octavia take them, first key first.
pub fn sort(rows: &mut [Row], keys: &[(String, bool)]) {
    rows.sort_by(|a, b| {
        for (key, descending) in keys {
            let order = crate::hot::python::text(&a[key.as_str()]).cmp(&crate::hot::python::text(&b[key.as_str()]));
            let order = if *descending { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        std::cmp::Ordering::Equal
    });
}
