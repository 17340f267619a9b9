//! A proxy before a cloud: all goes through it unchanged, until it storms over one kind of call.
//! It also writes down which kinds of calls pass.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::task::JoinHandle;

/// What a service does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Status(u16),
    /// The connection ends without a word; nothing was done.
    Nothing,
    /// Nobody ever answers; nothing was done.
    Silence,
    /// Something that is no answer of this service.
    Garbage,
    /// It was done, and the connection ends in the middle of saying so.
    Half,
}

impl Fault {
    /// Whether these words tell a person of it.
    pub fn is_told_by(self, words: &str) -> bool {
        match self {
            // In our own words what that means, where it means something.
            Self::Status(404) if words.contains("not there") || words.contains("not found") => true,
            Self::Status(code) => words.contains(&format!("the weather is {code}")),
            Self::Nothing => words.contains("connection closed"),
            Self::Silence => words.contains("in time"),
            Self::Garbage => words.contains("the answer is not"),
            Self::Half => words.contains("end of file") || words.contains("connection closed"),
        }
    }
}

pub const FAULTS: [Fault; 12] = [
    Fault::Status(401),
    Fault::Status(403),
    Fault::Status(404),
    Fault::Status(409),
    Fault::Status(413),
    Fault::Status(429),
    Fault::Status(500),
    Fault::Status(503),
    Fault::Nothing,
    Fault::Silence,
    Fault::Garbage,
    Fault::Half,
];

/// A kind of call: method and path, with a star for what differs from cluster to cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call(pub String);

impl Call {
    fn of(method: &str, path: &str, query: &str) -> Self {
        let differs = |part: &str| {
            part.contains(|c: char| c.is_ascii_digit()) && !(part.starts_with('v') && part.len() < 5) || part.len() > 30
        };
        let parts: Vec<&str> = path.split('/').skip(1).map(|part| if differs(part) { "*" } else { part }).collect();
        let outputs = if query.contains("resolve_outputs=true") { " with outputs" } else { "" };
        Self(format!("{method} {}{outputs}", parts.join("/")))
    }

    /// A storm over it begins with the end of all tokens that there are.
    pub fn login() -> Self {
        Self("POST identity/v3/auth/tokens".into())
    }
}

struct Shared {
    client: reqwest::Client,
    cloud: String,
    own: String,
    storm: Mutex<Option<(Call, Fault)>>,
    hits: AtomicUsize,
    seen: Mutex<BTreeSet<Call>>,
    /// The last token that was given out, if none of those before is good any more.
    token: Mutex<Token>,
}

#[derive(Default, PartialEq)]
enum Token {
    #[default]
    Any,
    Ended,
    Only(String),
}

pub struct Proxy {
    pub clouds_yaml: PathBuf,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Before the cloud of that clouds.yaml; writes one of its own beside it, with a short patience.
    pub async fn before(clouds_yaml: &Path, auth_url: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let cloud = auth_url.split("/identity").next().unwrap().to_owned();
        // Without the system's authorities, which take their time to be read.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).tls_certs_only([]);
        let client = client.build().unwrap();
        let shared = Arc::new(Shared {
            client,
            cloud: cloud.clone(),
            own: own.clone(),
            storm: Mutex::default(),
            hits: AtomicUsize::default(),
            seen: Mutex::default(),
            token: Mutex::default(),
        });
        let router = axum::Router::new().fallback(pass).with_state(shared.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let text = std::fs::read_to_string(clouds_yaml).unwrap().replace(&cloud, &own);
        let text = text.replace("region_name: RegionOne", "region_name: RegionOne\n    api_timeout: 6");
        let clouds_yaml = clouds_yaml.with_file_name("weather.yaml");
        std::fs::write(&clouds_yaml, text).unwrap();
        Self { clouds_yaml, shared, task }
    }

    pub fn storm(&self, call: &Call, fault: Fault) {
        self.shared.hits.store(0, Ordering::SeqCst);
        if *call == Call::login() {
            *self.shared.token.lock().unwrap() = Token::Ended;
        }
        *self.shared.storm.lock().unwrap() = Some((call.clone(), fault));
    }

    pub fn clear(&self) {
        *self.shared.storm.lock().unwrap() = None;
    }

    /// Calls that were hit since the storm began.
    pub fn hits(&self) -> usize {
        self.shared.hits.load(Ordering::SeqCst)
    }

    /// The kinds of calls since the last time this was asked.
    pub fn seen(&self) -> BTreeSet<Call> {
        std::mem::take(&mut *self.shared.seen.lock().unwrap())
    }
}

impl Shared {
    fn takes(&self, token: Option<String>) -> bool {
        match &*self.token.lock().unwrap() {
            Token::Any => true,
            Token::Ended => false,
            Token::Only(good) => token.as_ref() == Some(good),
        }
    }

    fn gave(&self, token: &str) {
        let mut good = self.token.lock().unwrap();
        if *good != Token::Any {
            *good = Token::Only(token.to_owned());
        }
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let call = Call::of(parts.method.as_str(), parts.uri.path(), parts.uri.query().unwrap_or_default());
    let storm = shared.storm.lock().unwrap().clone();
    let fault = storm.filter(|(over, _)| *over == call).map(|(_, fault)| fault);
    let login = call == Call::login();
    shared.seen.lock().unwrap().insert(call);
    let token = parts.headers.get("X-Auth-Token").and_then(|token| token.to_str().ok()).map(str::to_owned);
    if !login && !shared.takes(token) {
        let text = "{\"error\": {\"message\": \"The request requires authentication.\", \"code\": 401}}";
        return Response::builder().status(401).body(Body::from(text)).unwrap();
    }
    if fault.is_some() {
        shared.hits.fetch_add(1, Ordering::SeqCst);
    }
    match fault {
        // Ends the connection's task without a word to anybody, also not to stderr.
        Some(Fault::Nothing) => std::panic::resume_unwind(Box::new(())),
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Garbage) => return Response::new(Body::from("\u{0}<html>\u{1b}[2J{\"stack\": [")),
        Some(Fault::Status(code)) => {
            let text = format!("{{\"error\": {{\"message\": \"the weather is {code}\", \"code\": {code}}}}}");
            let answer = Response::builder().status(code).header("X-Openstack-Request-Id", "req-storm");
            return answer.body(Body::from(text)).unwrap();
        }
        Some(Fault::Half) | None => {}
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = to_bytes(body, 8 << 20).await.unwrap();
    let mut onward = shared.client.request(parts.method, format!("{}{path}", shared.cloud)).body(body);
    for (name, value) in parts.headers.iter().filter(|(name, _)| !["host", "content-length"].contains(&name.as_str())) {
        onward = onward.header(name, value);
    }
    // Its cloud ended before it did.
    let Ok(answer) = onward.send().await else { std::panic::resume_unwind(Box::new(())) };
    if let Some(token) = answer.headers().get("X-Subject-Token").filter(|_| login && fault.is_none()) {
        shared.gave(token.to_str().unwrap());
    }
    let mut back = Response::builder().status(answer.status());
    let length = ["content-length", "transfer-encoding"];
    for (name, value) in answer.headers().iter().filter(|(name, _)| !length.contains(&name.as_str())) {
        back = back.header(name, value.to_str().unwrap_or_default().replace(&shared.cloud, &shared.own));
    }
    let bytes = answer.bytes().await.unwrap();
    let text = String::from_utf8_lossy(&bytes).replace(&shared.cloud, &shared.own);
    if fault.is_some() {
        let first: String = text.chars().take(text.chars().count() / 2).collect();
        let parts = [Ok(Bytes::from(first)), Err(std::io::Error::other("the line is cut"))];
        return back.body(Body::from_stream(futures_util::stream::iter(parts))).unwrap();
    }
    back.body(Body::from(text)).unwrap()
}
