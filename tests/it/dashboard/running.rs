//! The loop on a fake manager and a screen in memory, on tokio's paused clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, FixedOffset, Utc};
use jeroboam::cloud::Identity;
use jeroboam::model::labels::origin::Effective;
use jeroboam::model::validate::Inventory;
use jeroboam::model::{
    Authority, Cluster, ClusterChange, ClusterId, ClusterTemplate, HistoryEntry, Image, NewCluster, NewTemplate, Patch,
    Problem, Quota, StackEvent, StackResource, Status, TemplateId,
};
use jeroboam::runtime::{Connect, In, Performer, Screen, run};
use jeroboam::service::preview::Preview;
use jeroboam::service::{CaCertificate, Change, KubeconfigText, KubeconfigWish, Manager};
use jeroboam::ui::{App, Depth, Keymap, Msg, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::world;

/// Answers at once, unless a call is told to hang or to fall over.
#[derive(Default)]
struct Fake {
    clusters: Mutex<Vec<Cluster>>,
    changes: Mutex<Option<UnboundedSender<Change>>>,
    panics: bool,
    /// So many looks at the images find one on its way, and the next finds it there; none: the lists never come.
    looks: Option<AtomicUsize>,
}

#[async_trait]
impl Manager for Fake {
    fn identity(&self) -> Identity {
        world::identity()
    }

    async fn templates(&self) -> Result<Vec<ClusterTemplate>, Problem> {
        assert!(!self.panics, "a defect");
        Ok(world::templates())
    }

    async fn create_template(&self, _: NewTemplate) -> Result<ClusterTemplate, Vec<Problem>> {
        std::future::pending().await
    }

    async fn update_template(&self, _: TemplateId, _: Vec<Patch>) -> Result<ClusterTemplate, Vec<Problem>> {
        std::future::pending().await
    }

    async fn delete_template(&self, _: TemplateId) -> Result<(), Problem> {
        Ok(())
    }

    async fn labels(&self, _: ClusterId) -> Result<Vec<Effective>, Problem> {
        Ok(Vec::new())
    }

    async fn clusters(&self) -> Result<Vec<Cluster>, Problem> {
        Ok(self.clusters.lock().unwrap().clone())
    }

    async fn create_cluster(&self, _: NewCluster) -> Result<Cluster, Vec<Problem>> {
        std::future::pending().await
    }

    async fn change_cluster(&self, _: ClusterId, _: ClusterChange) -> Result<Cluster, Vec<Problem>> {
        std::future::pending().await
    }

    async fn preview_cluster(&self, _: NewCluster) -> Result<Preview, Vec<Problem>> {
        std::future::pending().await
    }

    async fn delete_cluster(&self, _: ClusterId) -> Result<(), Problem> {
        Ok(())
    }

    async fn ca_certificate(&self, id: ClusterId, _: Authority) -> Result<CaCertificate, Problem> {
        world::certificate(id).map(|ca| *ca)
    }

    async fn sign(&self, _: ClusterId, _: Authority, _: &str) -> Result<String, Problem> {
        std::future::pending().await
    }

    async fn kubeconfig(&self, _: ClusterId, _: &KubeconfigWish) -> Result<KubeconfigText, Problem> {
        Ok(KubeconfigText("kind: Config".into()))
    }

    async fn history(&self, _: Option<ClusterId>, _: usize) -> Result<Vec<HistoryEntry>, Problem> {
        Ok(Vec::new())
    }
    async fn quotas(&self) -> Result<Vec<Quota>, Problem> {
        Ok(Vec::new())
    }
    async fn put_quota(&self, _: Quota) -> Result<(), Problem> {
        Ok(())
    }
    async fn remove_quota(&self, _: &str, _: &str) -> Result<bool, Problem> {
        Ok(false)
    }
    async fn resources(&self, id: ClusterId) -> Result<Vec<StackResource>, Problem> {
        Ok(world::resources(id))
    }

    async fn events(&self, id: ClusterId) -> Result<Vec<StackEvent>, Problem> {
        Ok(world::events(id))
    }

    async fn inventory(&self) -> (Inventory, Vec<Problem>) {
        let Some(looks) = &self.looks else { return std::future::pending().await };
        let more = looks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let status = if more { "importing" } else { "active" };
        let (id, name) = ("i".into(), "fetched".into());
        let image = Image { id, name, status: status.into(), arriving: more, ..Image::default() };
        (Inventory { images: vec![image], ..Inventory::default() }, Vec::new())
    }

    fn watch(&self, _: Option<ClusterId>) {}

    fn subscribe(&self) -> UnboundedReceiver<Change> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.changes.lock().unwrap() = Some(sender);
        receiver
    }
}

/// What was on the screen, picture by picture.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Waits until a picture has the text in it.
    async fn wait_for(&self, text: &str) {
        let found = async {
            while !self.0.lock().unwrap().last().is_some_and(|picture| picture.contains(text)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), found).await.is_err() {
            panic!("no \"{text}\" in\n{}", self.0.lock().unwrap().last().unwrap());
        }
    }
}

struct Memory {
    terminal: Terminal<TestBackend>,
    seen: Seen,
}

impl Screen for Memory {
    fn draw(&mut self, app: &mut App) -> std::io::Result<()> {
        let Ok(frame) = self.terminal.draw(|frame| app.draw(frame));
        let _ = frame;
        self.seen.0.lock().unwrap().push(self.terminal.backend().to_string());
        Ok(())
    }

    fn forget(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn title(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn alert(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> std::io::Result<bool> {
        Ok(false)
    }

    fn lend(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn resume(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A dashboard that runs in a task.
struct Running {
    keys: UnboundedSender<In>,
    seen: Seen,
    done: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    fn start(connect: Connect) -> Self {
        let (theme, _) = Theme::load("dark", None, Depth::True);
        let (keymap, _) = Keymap::load("default", None);
        let begun = tokio::time::Instant::now();
        let clock = move || -> DateTime<Utc> { world::now() + begun.elapsed() };
        let mut app = App::new(theme, keymap, clock(), FixedOffset::east_opt(0).unwrap());
        let seen = Seen::default();
        let mut screen = Memory { terminal: Terminal::new(TestBackend::new(120, 40)).unwrap(), seen: seen.clone() };
        let (keys, inbox) = mpsc::unbounded_channel();
        let mut performer = Performer::new(connect, keys.clone());
        let done = tokio::spawn(async move { run(&mut app, &mut screen, inbox, &mut performer, clock).await });
        Self { keys, seen, done }
    }

    fn press(&self, keys: &str) {
        for key in keys.split(' ') {
            self.keys.send(In::Msg(Msg::Key(key.parse().unwrap()))).ok().unwrap();
        }
    }

    async fn ends(self) {
        tokio::time::timeout(Duration::from_secs(1), self.done).await.expect("it ends at once").unwrap().unwrap();
    }
}

fn with(fake: &Arc<Fake>) -> Connect {
    let fake = fake.clone();
    Box::new(move |_| {
        let fake = fake.clone();
        Box::pin(async move { Ok(fake as Arc<dyn Manager>) })
    })
}

fn resting() -> Vec<Cluster> {
    let mut all = world::clusters();
    all.iter_mut().for_each(|cluster| cluster.status = Status::CREATE_COMPLETE);
    all
}

#[tokio::test(start_paused = true)]
async fn the_first_picture_comes_before_the_cloud_and_quitting_does_not_wait_for_it() {
    let running = Running::start(Box::new(|_| Box::pin(std::future::pending())));
    running.seen.wait_for("connecting…").await;
    running.press("q");
    running.ends().await;
}

#[tokio::test(start_paused = true)]
async fn connecting_is_tried_again_when_asked() {
    let tries = Arc::new(AtomicUsize::new(0));
    let fake = Arc::new(Fake::default());
    let (counted, manager) = (tries.clone(), fake.clone());
    let running = Running::start(Box::new(move |_| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        let manager = manager.clone();
        Box::pin(async move {
            match first {
                true => Err(Problem::local("keystone: nobody there").advise("Check the network")),
                false => Ok(manager as Arc<dyn Manager>),
            }
        })
    }));
    running.seen.wait_for("keystone: nobody there").await;
    running.seen.wait_for("Check the network").await;
    running.press("r");
    running.seen.wait_for("devcloud ▸ demo ▸ RegionOne").await;
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    running.press("ctrl-c");
    running.ends().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_while_nothing_changes() {
    let fake = Arc::new(Fake { clusters: Mutex::new(resting()), ..Fake::default() });
    let running = Running::start(with(&fake));
    running.seen.wait_for("ECDSA").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = running.seen.count();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(running.seen.count(), before, "ten quiet minutes");
    // One cluster begins to move: a picture a second, no more.
    let changes = fake.changes.lock().unwrap().clone().unwrap();
    let moving = Box::new(world::clusters().remove(0));
    changes.send(Change::Cluster { cluster: moving }).unwrap();
    running.seen.wait_for("creating").await;
    let before = running.seen.count();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let drawn = running.seen.count() - before;
    assert!((29..=31).contains(&drawn), "{drawn} pictures in 30 seconds");
    running.press("q");
    running.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_hanging_cloud_does_not_hold_up_the_keys() {
    let fake = Arc::new(Fake::default());
    let running = Running::start(with(&fake));
    running.seen.wait_for("k8s-1-31").await;
    running.press("2 n");
    running.seen.wait_for("◌ loading…").await;
    running.press("x y z");
    running.seen.wait_for("xyz").await;
    running.press("ctrl-c");
    running.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_defect_in_a_task_is_told_and_the_dashboard_lives() {
    let fake = Arc::new(Fake { panics: true, ..Fake::default() });
    let running = Running::start(with(&fake));
    running.seen.wait_for("ended in a defect of").await;
    running.press("q");
    running.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_signal_to_end_ends_it() {
    let running = Running::start(with(&Arc::new(Fake::default())));
    running.keys.send(In::Msg(Msg::Quit)).ok().unwrap();
    running.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_was_left_tells_nothing_any_more() {
    let (left, next) = (Arc::new(Fake::default()), Arc::new(Fake::default()));
    let running = Running::start(with(&left));
    running.seen.wait_for("k8s-1-31").await;
    let before = left.changes.lock().unwrap().clone().unwrap();
    running.keys.send(In::Manager(next.clone() as Arc<dyn Manager>)).ok().unwrap();
    let told = |name: &str| Change::Cluster { cluster: Box::new(Cluster { name: name.into(), ..resting().remove(1) }) };
    // It is on its way when the other one comes, or nobody hears it.
    let _ = before.send(told("stale"));
    while next.changes.lock().unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    let _ = before.send(told("stale"));
    next.changes.lock().unwrap().clone().unwrap().send(told("fresh")).unwrap();
    running.seen.wait_for("fresh").await;
    assert!(!running.seen.0.lock().unwrap().iter().any(|picture| picture.contains("stale")));
    running.press("ctrl-c");
    running.ends().await;
}

#[tokio::test(start_paused = true)]
async fn an_image_on_its_way_is_looked_at_by_time_alone() {
    let fake = Arc::new(Fake { looks: Some(3.into()), clusters: Mutex::new(resting()), ..Fake::default() });
    let running = Running::start(with(&fake));
    running.seen.wait_for("ml-gpu").await;
    running.press("O");
    running.seen.wait_for("is still").await;
    running.seen.wait_for("image fetched is there").await;
    running.press("q");
    running.ends().await;
}
