//! What a keystroke costs with ten thousand clusters and a hundred thousand events known: from the
//! key to the finished picture, compared to the one before it, as the loop of the dashboard does it.
//! Told is the slowest of many as a part of a frame (16 ms), and what all of it takes of memory.
//! `cargo bench --bench keys`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails as a test does"
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use jeroboam::cloud::{Identity, Scope};
use jeroboam::model::{
    Authority, Cluster, ClusterId, ClusterTemplate, Labels, NewTemplate, Progress, StackEvent, Status, TemplateId,
};
use jeroboam::service::{CaCertificate, Change, ConductorRole};
use jeroboam::ui::project::{Task, Told};
use jeroboam::ui::{App, Depth, Effect, Job, Keymap, Msg, Reply, Theme, Ticket};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use uuid::Uuid;

const CLUSTERS: u32 = 10_000;
const EVENTS: u32 = 100_000;
const TEMPLATES: u32 = 50;
const FRAME: Duration = Duration::from_millis(16);
const MEMORY_MIB: f64 = 150.0;
const SIZES: [(u16, u16); 2] = [(120, 40), (200, 50)];

/// What is measured: keys that lead there, and those that are pressed one by one.
const CASES: [(&str, &str, &str); 13] = [
    ("home", "", "down down down pgdn pgdn G up pgup g tab tab tab tab z z"),
    ("home, filter", "/", "r e s t - 9 backspace backspace ! 7"),
    ("home, filtered", "/ r e s t - 9 enter", "down down pgdn G g up"),
    ("home, sort", "", "s s down s s s s S down"),
    ("home, sorted by status", "s", "down down pgdn G g up"),
    ("home, marks", "", "space space down * down up esc"),
    ("certificates", "4", "down pgdn s s s S down"),
    ("palette", "", ": r e s t 9 9 down tab backspace"),
    ("movers", "m", "down down up G / m o v e"),
    ("cluster", "enter", "tab tab down down 1 2 3 down up"),
    ("project's events", "O 7", "down pgdn G g s s S / f a i l"),
    ("cloud", "O", "tab tab tab 1 2 3 4 5 down"),
    ("help", "", "? down pgdn esc"),
];

fn now() -> DateTime<Utc> {
    "2026-11-23T14:02:11Z".parse().unwrap()
}

fn id(number: u32) -> ClusterId {
    // Spread, as random ids are: the order of ids is not that of names.
    ClusterId(Uuid::from_u128(u128::from(number.wrapping_mul(2_654_435_761)) << 64 | u128::from(number)))
}

fn cluster(number: u32) -> Cluster {
    let moves = number % 200 == 7;
    let status = match number % 200 {
        7 => "UPDATE_IN_PROGRESS",
        9 => "CREATE_FAILED",
        _ => "CREATE_COMPLETE",
    };
    let created = now() - TimeDelta::minutes(i64::from(number) * 7);
    Cluster {
        uuid: id(number),
        name: if moves { format!("moving-{number}") } else { format!("rest-{number}") },
        cluster_template_id: TemplateId(Uuid::from_u128(u128::from(number % TEMPLATES))),
        template_name: format!("k8s-{}", number % TEMPLATES),
        driver: "k8s_ubuntu_kubeadm".into(),
        keypair: Some("devkey".into()),
        node_count: 3,
        master_count: 1,
        docker_volume_size: None,
        flavor_id: "m1.large".into(),
        master_flavor_id: "m1.medium".into(),
        fixed_network: None,
        fixed_subnet: None,
        floating_ip_enabled: true,
        master_lb_enabled: false,
        create_timeout: 60,
        labels: Labels([("kube_tag".to_owned(), "v1.33.4".to_owned())].into()),
        status: Status::from(status),
        status_reason: if number % 200 == 9 { "No valid host was found".into() } else { String::new() },
        stack_id: Some(Uuid::from_u128(u128::from(number)).to_string()),
        stack_name: format!("rest-{number}-{:012x}", number),
        api_address: Some("https://198.51.100.7:6443".into()),
        coe_version: Some(format!("v1.{}.4", 30 + number % 4)),
        master_addresses: vec!["198.51.100.7".into()],
        node_addresses: vec!["198.51.100.8".into(), "198.51.100.9".into(), "198.51.100.10".into()],
        project_id: "p1".into(),
        user_id: "u1".into(),
        created_at: created,
        updated_at: Some(created),
        status_since: created,
        operation: None,
        progress: moves.then_some(Progress { complete: 7, total: 31 }),
        node_groups: Vec::new(),
        rollout: None,
        cause: None,
        health: None,
    }
}

fn template(number: u32) -> ClusterTemplate {
    ClusterTemplate {
        uuid: TemplateId(Uuid::from_u128(u128::from(number))),
        spec: NewTemplate {
            name: format!("k8s-{number}"),
            image_id: "ubuntu-24.04-kube-v1.33.4".into(),
            ..NewTemplate::default()
        },
        cluster_distro: "ubuntu".into(),
        project_id: "p1".into(),
        auth_url: "https://keystone.example.org".into(),
        user_id: "u1".into(),
        created_at: now() - TimeDelta::days(50),
        updated_at: None,
    }
}

/// The cluster's part of all events.
fn events(of: u32) -> Vec<StackEvent> {
    let each = EVENTS / CLUSTERS;
    (0..each)
        .map(|number| StackEvent {
            id: Uuid::from_u128(u128::from(of) << 32 | u128::from(number)).to_string(),
            time: now() - TimeDelta::seconds(i64::from(of % 977 * 60 + (each - number) * 3)),
            resource: format!("server-{number}"),
            path: vec!["workers".into(), number.to_string()],
            status: Status::from(if number % 2 == 0 { "CREATE_IN_PROGRESS" } else { "CREATE_COMPLETE" }),
            reason: "state changed".into(),
            physical_id: Uuid::from_u128(u128::from(number)).to_string(),
        })
        .collect()
}

fn certificate(of: ClusterId) -> CaCertificate {
    CaCertificate {
        cluster: of,
        authority: Authority::Kubernetes,
        // As long as those of P-256 are.
        pem: format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "M".repeat(560)),
        subject: format!("CN={of}"),
        fingerprint: ["AB:CD:EF:01"; 8].join(":"),
        key_type: "ECDSA P-256".into(),
        not_before: now(),
        not_after: now() + TimeDelta::days(1785),
    }
}

/// As the loop has it: messages, and a picture after them when something changed.
struct Dashboard {
    app: App,
    terminal: Terminal<TestBackend>,
    open: Vec<(Ticket, Job)>,
    pictures: usize,
}

impl Dashboard {
    fn new((width, height): (u16, u16)) -> Self {
        let (theme, _) = Theme::load("dark", None, Depth::True);
        let (keymap, _) = Keymap::load("default", None);
        let app = App::new(theme, keymap, now(), FixedOffset::east_opt(0).unwrap());
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut made = Self { app, terminal, open: Vec::new(), pictures: 0 };
        let identity = Identity {
            cloud: "big".into(),
            scope: Scope { project_id: "p1".into(), region: "RegionOne".into() },
            project_name: "demo".into(),
            user_id: "u1".into(),
            user_name: "demo".into(),
            auth_url: "http://127.0.0.1:5000/v3".into(),
        };
        made.take(Msg::Connected(Box::new(identity)));
        made.take(Msg::Change(Change::Conductor { role: ConductorRole::Active }));
        made.settle();
        made
    }

    fn take(&mut self, msg: Msg) {
        let mut effects = self.app.update(Msg::Tick(now()));
        effects.extend(self.app.update(msg));
        for effect in effects {
            if let Effect::Run(ticket, job) = effect {
                self.open.push((ticket, job));
            }
        }
        if self.app.take_changed() {
            self.pictures += 1;
            self.terminal.draw(|frame| self.app.draw(frame)).unwrap();
            let _ = (self.app.after_draw(), self.app.title());
        }
        let _ = self.app.wake_at();
    }

    /// Answers all that was asked; gives how many answers that took.
    fn settle(&mut self) -> usize {
        let mut answers = 0;
        while !self.open.is_empty() {
            let (ticket, job) = self.open.remove(0);
            answers += 1;
            self.take(Msg::Reply(ticket, answer(&job)));
        }
        answers
    }

    fn press(&mut self, key: &str) -> Duration {
        let msg = Msg::Key(key.parse().unwrap());
        let begun = Instant::now();
        self.take(msg);
        begun.elapsed()
    }
}

fn answer(job: &Job) -> Reply {
    let number = |id: &ClusterId| u32::try_from(id.0.as_u128() & 0xffff_ffff).unwrap();
    match job {
        Job::Templates => Reply::Templates(Ok((0..TEMPLATES).map(template).collect())),
        Job::Clusters => Reply::Clusters(Ok((0..CLUSTERS).map(cluster).collect())),
        Job::Places => Reply::Places(Ok(jeroboam::model::Places::default())),
        Job::Inventory => Reply::Inventory(Box::default(), Vec::new()),
        Job::Events(id) => Reply::Events(*id, Ok(events(number(id)))),
        Job::Resources(id) => Reply::Resources(*id, Ok(Vec::new())),
        Job::Nodes(id) => Reply::Nodes(*id, Ok(Vec::new())),
        Job::History(id) => Reply::History(*id, Ok(Vec::new())),
        Job::Issued(id) => Reply::Issued(*id, Ok(Vec::new())),
        Job::Labels(id) => Reply::Labels(*id, Ok(Vec::new())),
        Job::Certificates(ids) => Reply::Certificates(ids.iter().map(|id| (*id, Ok(certificate(*id)))).collect()),
        Job::Project(Task::Limits) => Reply::Project(Told::Limits(Vec::new(), Vec::new())),
        Job::Project(Task::Orphans) => Reply::Project(Told::Orphans(Ok((Vec::new(), Vec::new())))),
        Job::Project(Task::Events) => {
            let all = (0..CLUSTERS).map(|number| (id(number), events(number))).collect();
            Reply::Project(Told::Events(all, Vec::new()))
        }
        other => panic!("nobody presses a key for {other:?}"),
    }
}

/// What this process has at its most, in MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

fn tell(what: &str, times: &[(String, Duration)]) {
    let mut sorted: Vec<Duration> = times.iter().map(|(_, time)| *time).collect();
    sorted.sort();
    let (slowest, time) = times.iter().max_by_key(|(_, time)| *time).unwrap();
    let frames = |time: Duration| time.as_secs_f64() / FRAME.as_secs_f64();
    println!(
        "{what:<36} {:>6.2} of a frame in the middle, {:>6.2} at most ({slowest})",
        frames(sorted[sorted.len() / 2]),
        frames(*time),
    );
}

fn main() {
    for size in SIZES {
        let begun = Instant::now();
        let mut dashboard = Dashboard::new(size);
        println!("{}x{}: loaded after {:.2?} in {} pictures", size.0, size.1, begun.elapsed(), dashboard.pictures);
        let begun = Instant::now();
        "O 7 esc".split(' ').for_each(|key| {
            dashboard.press(key);
            let asked = Instant::now();
            dashboard.settle();
            println!("  after {key}: answers taken in {:.2?}", asked.elapsed());
        });
        println!("  {EVENTS} events after {:.2?}", begun.elapsed());
        for (what, way, keys) in CASES {
            let mut times = Vec::new();
            for _ in 0..3 {
                for key in way.split(' ').filter(|key| !key.is_empty()) {
                    dashboard.press(key);
                    dashboard.settle();
                }
                for key in keys.split(' ') {
                    times.push((key.to_owned(), dashboard.press(key)));
                    dashboard.settle();
                }
                for _ in 0..4 {
                    dashboard.press("esc");
                }
            }
            tell(&format!("  {what}"), &times);
        }
        let times: Vec<(String, Duration)> = (0..20)
            .map(|step| {
                let mut moving = cluster(7);
                moving.progress = Some(Progress { complete: step, total: 31 });
                let begun = Instant::now();
                dashboard.take(Msg::Change(Change::Cluster { cluster: Box::new(moving) }));
                ("progress".to_owned(), begun.elapsed())
            })
            .collect();
        tell("  news of a cluster", &times);
    }
    let peak = peak_mib();
    println!("memory at its peak: {peak:.1} MiB, {:.2} of the {MEMORY_MIB} MiB it may take", peak / MEMORY_MIB);
}
