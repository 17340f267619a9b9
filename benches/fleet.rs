//! What dashboard and conductor cost with ten thousand clusters in the store: idle, at key presses,
//! and with a hundred in motion on the embedded cloud. Its Heat is met through a proxy that adds the
//! stacks of the clusters at rest to the list, and ten events of each. A process of its own is measured:
//! the program as it is shipped. Magnum's conductor takes 97 MB, and 6.7 to 8.6 s until Heat has a stack.
//! `cargo bench --bench fleet -- dashboard` ends after the dashboard.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails as a test does"
)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use jeroboam::cloud::{Cloud, Scope};
use jeroboam::conductor::Options;
use jeroboam::config::clouds::{self, Selection};
use jeroboam::demo;
use jeroboam::driver::Drivers;
use jeroboam::model::{Cluster, ClusterId, NewCluster, NewTemplate, Status};
use jeroboam::openstack;
use jeroboam::service::Manager;
use jeroboam::service::local::LocalManager;
use jeroboam::store::{Secrets, SqliteStore, Store};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::{Value, json};

const RESTING: usize = 10_000;
const MOVING: usize = 100;
const SPAN: Duration = Duration::from_secs(60);
const MAGNUM_MIB: f64 = 97.0;
/// The quickest we saw Magnum be, in seconds.
const MAGNUM_STACK: f64 = 6.7;

const FRAME_MS: f64 = 16.0;
const MEMORY_MIB: f64 = 150.0;
const EVENTS_EACH: usize = 10;
/// Every picture ends with it.
const PICTURE: &[u8] = b"\x1b[?2026l";
/// Keys of the dashboard: about on the first screen, a filter, sorting, the command line, what moves,
/// one cluster, the project's events.
const KEYS: [&str; 10] = [
    "jjjjjjjGkkkgjjj",
    "/rest99\x7f\x7f7\r",
    "jjG\x1b",
    "sssSsss",
    ":rest99\x7f8",
    "\x1b",
    "m\x1b",
    "\rj2j3j4j\x1b",
    "O7jGs\x1b",
    "4jsG1",
];

/// Heat's own answers, and the resting clusters' stacks behind them.
struct Proxy {
    heat: String,
    client: reqwest::Client,
    resting: Vec<Value>,
}

async fn pass(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let uri = parts.uri.clone();
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let of = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let limit = of("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let next = |at: usize| json!([{ "rel": "next", "href": format!("{}?limit={limit}&marker=rest-{at}", uri.path()) }]);
    if let Some(at) = of("marker").and_then(|marker| marker.strip_prefix("rest-")?.parse::<usize>().ok()) {
        let page = &proxy.resting[at.min(RESTING)..at.saturating_add(limit).min(RESTING)];
        let links = if at + page.len() < RESTING { next(at + page.len()) } else { json!([]) };
        return axum::Json(json!({ "stacks": page, "links": links })).into_response();
    }
    // Of the stack of a cluster at rest, which there is only in the list.
    let steps: Vec<&str> = uri.path().split('/').collect();
    if let [.., "stacks", name, _, what @ ("events" | "resources")] = steps.as_slice()
        && name.starts_with("rest-")
    {
        let all: Vec<Value> =
            if *what == "events" { (0..EVENTS_EACH).map(|at| event(name, at)).collect() } else { Vec::new() };
        return axum::Json(json!({ *what: if of("marker").is_some() { Vec::new() } else { all } })).into_response();
    }
    let target = format!("{}{}", proxy.heat, uri.path_and_query().map_or("", |path| path.as_str()));
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let mut headers = parts.headers;
    headers.remove("host");
    let answer = proxy.client.request(parts.method.clone(), target).headers(headers).body(body).send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.unwrap();
    if parts.method == "GET" && uri.path().ends_with("/stacks") && of("marker").is_none() {
        let mut list: Value = serde_json::from_slice(&bytes).unwrap();
        list["links"] = next(0);
        return axum::Json(list).into_response();
    }
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The whole bench's directory is in memory: filling the store would else measure the disk.
fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("jeroboam-fleet-").tempdir_in(place).unwrap()
}

async fn connected(clouds_yaml: &Path) -> Cloud {
    let mut selection = Selection { os_cloud: Some("demo".into()), cwd: "/".into(), ..Selection::default() };
    selection.env.insert("OS_CLIENT_CONFIG_FILE".into(), clouds_yaml.display().to_string());
    openstack::connect(&clouds::load(&selection).unwrap()).await.unwrap()
}

fn wish(name: String, cluster_template_id: String) -> NewCluster {
    NewCluster { name, cluster_template_id, node_count: 1, ..NewCluster::default() }
}

fn event(stack: &str, number: usize) -> Value {
    json!({
        "id": uuid::Uuid::new_v4(), "event_time": format!("2026-01-01T00:00:{number:02}Z"), "resource_name": stack,
        "logical_resource_id": stack, "physical_resource_id": stack, "resource_status": "CREATE_COMPLETE",
        "resource_status_reason": "state changed", "links": [],
    })
}

/// The program, by its number; what it asked of the cloud is in its log.
struct Process {
    id: u32,
    log: PathBuf,
}

struct Conductor {
    child: Child,
    process: Process,
}

/// What a process has used up.
struct Used {
    cpu: Duration,
    requests: usize,
    at: Instant,
}

fn environment(home: &Path, clouds_yaml: &Path) -> [(&'static str, PathBuf); 6] {
    [
        ("HOME", home.into()),
        ("JEROBOAM_DATA_DIR", home.join("data")),
        ("JEROBOAM_CONFIG_DIR", home.into()),
        ("JEROBOAM_LOG", "jeroboam::api=debug,error".into()),
        ("OS_CLIENT_CONFIG_FILE", clouds_yaml.into()),
        ("OS_CLOUD", "demo".into()),
    ]
}

impl Conductor {
    fn start(home: &Path, clouds_yaml: &Path) -> Self {
        let log = home.join("requests.log");
        let child = Command::new(env!("CARGO_BIN_EXE_jeroboam"))
            .arg("conductor")
            .env_clear()
            .envs(environment(home, clouds_yaml))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { process: Process { id: child.id(), log }, child }
    }
}

impl Process {
    fn requests(&self) -> usize {
        std::fs::read_to_string(&self.log).unwrap().lines().filter(|line| line.contains("jeroboam::api")).count()
    }

    fn used(&self) -> Used {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id)).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // A hundred ticks a second on every Linux there is.
        Used { cpu: Duration::from_millis(ticks * 10), requests: self.requests(), at: Instant::now() }
    }

    fn memory_mib(&self, field: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    fn tell(&self, what: &str, since: &Used) {
        let (now, span) = (self.used(), since.at.elapsed().as_secs_f64());
        let peak = self.memory_mib("VmHWM");
        println!(
            "{what}: {:.0} requests a minute, {:.1} % of a processor, {:.1} MiB ({:.1} at its peak: {:.2} of Magnum's)",
            (now.requests - since.requests) as f64 * 60.0 / span,
            (now.cpu - since.cpu).as_secs_f64() * 100.0 / span,
            self.memory_mib("VmRSS"),
            peak,
            peak / MAGNUM_MIB,
        );
    }
}

impl Drop for Conductor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The dashboard in a terminal of its own, which nobody reads but us.
struct Dashboard {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    process: Process,
    keys: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
}

impl Dashboard {
    fn start(home: &Path, clouds_yaml: &Path, (cols, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_jeroboam"));
        command.env_clear();
        environment(home, clouds_yaml).into_iter().for_each(|(name, value)| command.env(name, value));
        command.env("TERM", "xterm-256color");
        command.cwd(home);
        let child = pair.slave.spawn_command(command).unwrap();
        let (mut reader, keys) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            // Open as long as somebody reads.
            let _master = pair.master;
            let mut buffer = [0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let process = Process { id: child.process_id().unwrap(), log: home.join("data/jeroboam.log") };
        Self { child, process, keys, bytes }
    }

    /// What it writes until it is quiet for so long: bytes, and pictures among them.
    fn written(&self, quiet: Duration) -> (usize, usize) {
        let mut all = Vec::new();
        while let Ok(more) = self.bytes.recv_timeout(quiet) {
            all.extend(more);
        }
        (all.len(), all.windows(PICTURE.len()).filter(|window| *window == PICTURE).count())
    }

    /// From the key to the end of the next picture.
    fn press(&mut self, key: u8) -> Duration {
        let (begun, mut seen) = (Instant::now(), Vec::new());
        self.keys.write_all(&[key]).unwrap();
        self.keys.flush().unwrap();
        while !seen.windows(PICTURE.len()).any(|window| window == PICTURE) {
            match self.bytes.recv_timeout(Duration::from_secs(2)) {
                Ok(more) => seen.extend(more),
                // A key without a meaning here.
                Err(_) => return Duration::ZERO,
            }
        }
        begun.elapsed()
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Started, looked at, left alone, and worked with.
fn look(home: &Path, clouds_yaml: &Path) {
    for size in [(120, 40), (200, 50)] {
        let begun = Instant::now();
        let mut dashboard = Dashboard::start(home, clouds_yaml, size);
        let quiet = Duration::from_secs(5);
        let (_, pictures) = dashboard.written(quiet);
        println!("a dashboard of {}x{}:", size.0, size.1);
        println!("  everything there after {:.1?}, in {pictures} pictures", begun.elapsed() - quiet);
        let before = dashboard.process.used();
        let began = Instant::now();
        let (mut bytes, mut pictures) = (0, 0);
        while began.elapsed() < SPAN {
            let (more, drawn) = dashboard.written(Duration::from_secs(1));
            (bytes, pictures) = (bytes + more, pictures + drawn);
        }
        dashboard.process.tell("  idle", &before);
        println!("  idle: {bytes} bytes written, {pictures} pictures");
        for keys in KEYS {
            let mut times: Vec<f64> = Vec::new();
            for key in keys.bytes() {
                times.push(dashboard.press(key).as_secs_f64() * 1000.0 / FRAME_MS);
                dashboard.written(Duration::from_millis(150));
            }
            times.sort_by(f64::total_cmp);
            let (middle, most) = (times[times.len() / 2], times[times.len() - 1]);
            println!("  {keys:?}: {middle:.2} of a frame in the middle, {most:.2} at most");
        }
        let peak = dashboard.process.memory_mib("VmHWM");
        println!("  memory at its peak: {peak:.1} MiB, {:.2} of what it may take", peak / MEMORY_MIB);
    }
}

fn resting(prototype: &Cluster, number: usize) -> Cluster {
    Cluster {
        uuid: ClusterId(uuid::Uuid::new_v4()),
        name: format!("rest-{number}"),
        stack_id: Some(format!("rest-{number}")),
        stack_name: format!("rest-{number}"),
        api_address: Some("https://198.51.100.7:6443".into()),
        ..prototype.clone()
    }
}

fn listed(cluster: &Cluster) -> Value {
    json!({
        "id": cluster.stack_id,
        "stack_name": cluster.stack_name,
        "description": "A Kubernetes cluster made by Jeroboam",
        "stack_status": "CREATE_COMPLETE",
        "stack_status_reason": "Stack CREATE completed successfully",
        "creation_time": "2026-01-01T00:00:00Z",
        "updated_time": null,
        "deletion_time": null,
        "stack_owner": "demo",
        "parent": null,
        "stack_user_project_id": "0123456789abcdef0123456789abcdef",
        "tags": ["jeroboam", cluster.uuid.to_string()],
        "links": [{ "rel": "self", "href": "http://198.51.100.1/heat/v1/0123456789abcdef0123456789abcdef/stacks/x" }],
    })
}

async fn fleet() {
    let home = directory();
    let slow = demo::Options { speed: 0.15, ..demo::Options::new(home.path()) };
    let cloud = demo::start(slow).await.unwrap();
    let direct = connected(&cloud.clouds_yaml).await;
    let store = Arc::new(SqliteStore::open(&home.path().join("data")).await.unwrap());
    let drivers = Arc::new(Drivers::builtin().unwrap());
    let asker = LocalManager::open(direct, store.clone(), drivers.clone(), Options::default());
    let template = NewTemplate {
        name: "fleet".into(),
        image_id: "ubuntu-24.04-kube-v1.33.4".into(),
        external_network_id: Some("public".into()),
        flavor_id: Some("m1.medium".into()),
        master_flavor_id: Some("m1.medium".into()),
        floating_ip_enabled: false,
        ..NewTemplate::default()
    };
    let template = asker.create_template(template).await.unwrap().uuid.to_string();
    let first = asker.create_cluster(wish("first".into(), template.clone())).await.unwrap();
    let scope = asker.identity().scope;
    // A cluster is at rest when all that follows a create is done, which a conductor does.
    let maker = Conductor::start(home.path(), &cloud.clouds_yaml);
    let there = |cluster: &Cluster| cluster.status == Status::CREATE_COMPLETE && cluster.api_address.is_some();
    until(&*store, &scope, first.uuid, there).await;
    drop(maker);
    let prototype = store.cluster(&scope, first.uuid).await.unwrap().unwrap();
    let mut stacks = Vec::with_capacity(RESTING);
    for number in 0..RESTING {
        let mut record = prototype.clone();
        record.cluster = resting(&prototype.cluster, number);
        stacks.push(listed(&record.cluster));
        store.add_cluster(&mut record, &Secrets::new()).await.unwrap();
    }

    let heat = cloud.auth_url.trim_end_matches("/identity/v3").to_owned();
    let proxy = Proxy { heat, client: reqwest::Client::new(), resting: stacks };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(pass).with_state(Arc::new(proxy));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let text = std::fs::read_to_string(&cloud.clouds_yaml).unwrap();
    let through = format!(
        "region_name: RegionOne\n    orchestration_endpoint_override: {address}/orchestration/v1/{}",
        scope.project_id
    );
    let clouds_yaml = home.path().join("through-proxy.yaml");
    std::fs::write(&clouds_yaml, text.replacen("region_name: RegionOne", &through, 1)).unwrap();

    println!("{RESTING} clusters at rest, {} events", RESTING * EVENTS_EACH);
    tokio::task::block_in_place(|| look(home.path(), &clouds_yaml));
    if std::env::args().any(|word| word == "dashboard") {
        return;
    }
    let conductor = Conductor::start(home.path(), &clouds_yaml);
    println!("{RESTING} clusters at rest:");
    for what in ["  the first minute", "  idle"] {
        let before = conductor.process.used();
        tokio::time::sleep(SPAN).await;
        conductor.process.tell(what, &before);
    }

    let began = Instant::now();
    let timed = asker.create_cluster(wish("timed".into(), template.clone())).await.unwrap();
    let accepted = began.elapsed();
    until(&*store, &scope, timed.uuid, |cluster| cluster.stack_id.is_some()).await;
    let had = began.elapsed().as_secs_f64();
    println!(
        "  a create: accepted in {accepted:.2?}, in Heat after {had:.2} s: {:.2} of Magnum's time",
        had / MAGNUM_STACK
    );

    for number in 0..MOVING {
        asker.create_cluster(wish(format!("moving-{number}"), template.clone())).await.unwrap();
    }
    let before = conductor.process.used();
    tokio::time::sleep(SPAN).await;
    let moving = asker.clusters().await.unwrap().iter().filter(|cluster| cluster.status.is_in_progress()).count();
    conductor.process.tell(&format!("  {MOVING} set in motion, {moving} of them still moving at the end"), &before);
}

/// Looks every few milliseconds, so that the figure is good to a few.
async fn until(store: &dyn Store, scope: &Scope, id: ClusterId, wanted: fn(&Cluster) -> bool) {
    while !wanted(&store.cluster(scope, id).await.unwrap().unwrap().cluster) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn main() {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(fleet());
}
