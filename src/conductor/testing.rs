//! A Heat in memory for the conductor's own tests: keeps stacks, and fails, forgets its
//! answers, hangs or is late as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::task::Poll;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use super::provisions::tests::FakeVault;
use super::{Clock, Leader, Observer, Ports, Share};
use crate::cloud::{CloudError, CloudErrorKind, Orchestration, Things};
use crate::driver::{Drivers, Parameter, StackPlan};
use crate::model::{
    Action, ClusterId, ClusterTemplate, Problem, Stack, StackEvent, StackResource, StackSheet, Status, Thing, ThingSort,
};
use crate::notify::Notifier;
use crate::store::{ClusterRecord, Secrets, Store};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    /// Not done, and said so with this.
    Fault(CloudErrorKind),
    /// Done, but the answer was lost.
    Lost,
    /// Not done, and never answered.
    Hang,
    /// Done, and never answered.
    DoneHang,
    /// Never answered, and done this many seconds later.
    Late(i64),
    /// Done at once, and answered this many seconds later.
    Slow(i64),
}

pub(crate) fn fault(kind: CloudErrorKind) -> CloudError {
    CloudError {
        kind,
        service: "heat".into(),
        status: None,
        request_id: Some("req-7".into()),
        message: format!("{kind:?} it said"),
        retry_after: None,
    }
}

#[derive(Default)]
pub(crate) struct FakeHeat {
    pub state: Mutex<State>,
    pub clock: TestClock,
    pub lists: AtomicUsize,
    pub details: AtomicUsize,
}

#[derive(Default)]
pub(crate) struct State {
    /// All there ever were; deleted ones stay with DELETE_COMPLETE.
    pub stacks: Vec<Stack>,
    /// Creates under way that Heat has not stored yet, with the second they will be.
    pub late: Vec<(DateTime<Utc>, Stack)>,
    /// Updates under way that Heat has not begun yet: when it will, of which stack, to which revision.
    pub late_updates: Vec<(DateTime<Utc>, String, Option<u64>)>,
    /// Every revision that Heat began an update to.
    pub updates: Vec<u64>,
    /// For the next calls; then all is fine.
    pub fates: VecDeque<Fate>,
    /// For the next calls that change something, before the others.
    pub deeds: VecDeque<Fate>,
    pub resources: Vec<StackResource>,
    pub events: Vec<StackEvent>,
    pub outputs: BTreeMap<String, serde_json::Value>,
    /// Whether calls yield once, so that two conductors can be interleaved call by call.
    pub yields: bool,
    /// Something that Heat does not know of hangs on the stack's network: it cannot be deleted.
    pub held: bool,
    /// So many seconds after its answer the next update begins, and the stack shows it.
    pub lag: Option<i64>,
    count: u32,
}

impl State {
    /// Stacks that are there, whatever their status.
    pub fn live(&self) -> Vec<&Stack> {
        self.stacks.iter().filter(|stack| stack.status != Status::DELETE_COMPLETE).collect()
    }

    fn find(&mut self, id_or_name: &str) -> Option<&mut Stack> {
        let live = |stack: &&mut Stack| stack.status != Status::DELETE_COMPLETE;
        self.stacks.iter_mut().filter(live).find(|stack| stack.id == id_or_name || stack.name == id_or_name)
    }

    /// As the real one: a stack that is going takes no update, one being worked on changes its course.
    fn update(&mut self, id: &str, revision: Option<u64>) -> Result<bool, CloudError> {
        let Some(stack) = self.find(id) else { return Ok(false) };
        if stack.status.action == Action::Delete {
            return Err(fault(CloudErrorKind::BadRequest));
        }
        stack.status = Status::UPDATE_IN_PROGRESS;
        stack.revision = revision;
        self.updates.extend(revision);
        Ok(true)
    }

    /// Lets every stack that is being worked on come to an end, good or bad.
    pub fn finish(&mut self, good: bool) {
        for stack in &mut self.stacks {
            let word = stack.status.to_string();
            if let Some(action) = word.strip_suffix("_IN_PROGRESS") {
                let good = good && !(self.held && action == "DELETE");
                stack.status = format!("{action}_{}", if good { "COMPLETE" } else { "FAILED" }).into();
                stack.status_reason = format!("Heat says {}", stack.status);
            }
        }
    }
}

impl FakeHeat {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Stores what was under way and is due by now.
    pub fn settle(&self) {
        let now = self.clock.now();
        let mut state = self.lock();
        let (due, late) = std::mem::take(&mut state.late).into_iter().partition(|(at, _)| *at <= now);
        state.late = late;
        let due: Vec<(DateTime<Utc>, Stack)> = due;
        state.stacks.extend(due.into_iter().map(|(_, stack)| stack));
        let (due, late) = std::mem::take(&mut state.late_updates).into_iter().partition(|(at, ..)| *at <= now);
        state.late_updates = late;
        let due: Vec<(DateTime<Utc>, String, Option<u64>)> = due;
        for (_, id, revision) in due {
            // Nobody is there any more to hear a refusal.
            let _ = state.update(&id, revision);
        }
    }

    /// `act` is told by how many seconds its deed is late.
    async fn call<T>(&self, act: impl FnOnce(&mut State, Option<i64>) -> T + Send) -> Result<T, CloudError> {
        self.fated(None, act).await
    }

    /// … of a call that changes something.
    async fn deed<T>(&self, act: impl FnOnce(&mut State, Option<i64>) -> T + Send) -> Result<T, CloudError> {
        let fate = self.lock().deeds.pop_front();
        self.fated(fate, act).await
    }

    async fn fated<T>(
        &self,
        fate: Option<Fate>,
        act: impl FnOnce(&mut State, Option<i64>) -> T + Send,
    ) -> Result<T, CloudError> {
        let yields = self.lock().yields;
        if yields {
            yield_once().await;
        }
        let next = || self.lock().fates.pop_front();
        match fate.or_else(next).unwrap_or(Fate::Fine) {
            Fate::Fine => Ok(act(&mut self.lock(), None)),
            Fate::Fault(kind) => Err(fault(kind)),
            Fate::Lost => {
                act(&mut self.lock(), None);
                Err(fault(CloudErrorKind::Unreachable))
            }
            Fate::Hang => pending().await,
            Fate::DoneHang => {
                act(&mut self.lock(), None);
                pending().await
            }
            Fate::Late(seconds) => {
                act(&mut self.lock(), Some(seconds));
                pending().await
            }
            Fate::Slow(seconds) => {
                let answer = act(&mut self.lock(), None);
                let due = self.clock.now() + TimeDelta::seconds(seconds);
                while self.clock.now() < due {
                    yield_once().await;
                }
                Ok(answer)
            }
        }
    }
}

#[async_trait]
impl Orchestration for FakeHeat {
    async fn stacks_by_tag(&self, tag: &str) -> Result<Vec<Stack>, CloudError> {
        self.lists.fetch_add(1, Ordering::SeqCst);
        let tag = tag.to_owned();
        self.call(|state, _| state.live().into_iter().filter(|stack| stack.tags.contains(&tag)).cloned().collect())
            .await
    }

    async fn stack(&self, id_or_name: &str, outputs: bool) -> Result<Option<Stack>, CloudError> {
        let wanted = id_or_name.to_owned();
        self.call(move |state, _| {
            let all = state.outputs.clone();
            let mut stack = state.find(&wanted)?.clone();
            if outputs {
                stack.outputs = all;
            }
            Some(stack)
        })
        .await
    }

    async fn sheet(&self, id_or_name: &str) -> Result<Option<StackSheet>, CloudError> {
        let wanted = id_or_name.to_owned();
        self.call(move |state, _| {
            let stack = state.find(&wanted)?;
            Some(StackSheet { name: stack.name.clone(), id: stack.id.clone(), ..StackSheet::default() })
        })
        .await
    }

    /// As the real one: looks for the name when the call comes in, not when the stack is stored.
    async fn create_stack(&self, plan: &StackPlan) -> Result<String, CloudError> {
        let (now, name, tags) = (self.clock.now(), plan.stack_name.clone(), plan.tags.clone());
        let revision = revision(plan);
        let accept = move |state: &mut State, late: Option<i64>| {
            if state.find(&name).is_some() {
                return Err(fault(CloudErrorKind::Conflict));
            }
            state.count += 1;
            let stack = Stack {
                id: format!("stack-{}", state.count),
                name: name.clone(),
                status: Status::CREATE_IN_PROGRESS,
                status_reason: String::new(),
                tags: tags.clone(),
                created: None,
                updated: None,
                outputs: BTreeMap::new(),
                revision,
            };
            let id = stack.id.clone();
            match late {
                Some(seconds) => state.late.push((now + TimeDelta::seconds(seconds), stack)),
                None => state.stacks.push(stack),
            }
            Ok(id)
        };
        self.deed(accept).await?
    }

    async fn update_stack(&self, id: &str, plan: &StackPlan) -> Result<bool, CloudError> {
        let (now, id, revision) = (self.clock.now(), id.to_owned(), revision(plan));
        let accept = move |state: &mut State, late: Option<i64>| match late.or(state.lag.take()) {
            Some(seconds) => {
                state.late_updates.push((now + TimeDelta::seconds(seconds), id, revision));
                Ok(true)
            }
            None => state.update(&id, revision),
        };
        self.deed(accept).await?
    }

    async fn cancel_update(&self, stack: &Stack) -> Result<bool, CloudError> {
        let id = stack.id.clone();
        let cancel = move |state: &mut State, _| {
            let Some(stack) = state.find(&id) else { return Ok(false) };
            if stack.status != Status::UPDATE_IN_PROGRESS {
                return Err(fault(CloudErrorKind::BadRequest));
            }
            stack.status = Status::UPDATE_FAILED;
            stack.status_reason = "User cancelled update".into();
            Ok(true)
        };
        self.deed(cancel).await?
    }

    async fn delete_stack(&self, id: &str) -> Result<bool, CloudError> {
        let id = id.to_owned();
        self.deed(move |state, _| {
            let Some(stack) = state.find(&id) else { return false };
            stack.status = Status::DELETE_IN_PROGRESS;
            true
        })
        .await
    }

    async fn resources(&self, _: &Stack) -> Result<Vec<StackResource>, CloudError> {
        self.details.fetch_add(1, Ordering::SeqCst);
        self.call(|state, _| state.resources.clone()).await
    }

    async fn events(&self, _: &Stack, since: Option<DateTime<Utc>>) -> Result<Vec<StackEvent>, CloudError> {
        self.call(|state, _| {
            state.events.iter().filter(|event| since.is_none_or(|since| event.time >= since)).cloned().collect()
        })
        .await
    }
}

fn revision(plan: &StackPlan) -> Option<u64> {
    match plan.parameters.get("revision")? {
        Parameter::Plain(value) => value.as_u64().or_else(|| value.as_str()?.parse().ok()),
        Parameter::Secret(_) => None,
    }
}

pub(crate) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Seconds since the test records were made; moves only when told.
#[derive(Clone, Default)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn now(&self) -> DateTime<Utc> {
        static START: LazyLock<DateTime<Utc>> =
            LazyLock::new(|| crate::store::tests::record(1, "x").cluster.created_at);
        *START + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }

    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn as_clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// The time of tokio's clock, which tests may pause.
pub(crate) fn tokio_clock() -> Clock {
    let (start, begun) = (TestClock::default().now(), tokio::time::Instant::now());
    Arc::new(move || start + begun.elapsed())
}

pub(crate) fn drivers() -> Arc<Drivers> {
    static BUILTIN: LazyLock<Arc<Drivers>> = LazyLock::new(|| Arc::new(Drivers::builtin().unwrap()));
    BUILTIN.clone()
}

/// All of a conductor's ports, told to nobody, with the clock of the heat.
pub(crate) fn ports(heat: Arc<FakeHeat>, store: Arc<dyn Store>, vault: Arc<FakeVault>) -> Ports {
    Ports {
        scope: crate::store::tests::scope(),
        keystone: crate::store::tests::CLOUD.into(),
        clock: heat.clock.as_clock(),
        orchestration: heat,
        delegation: vault.clone(),
        key_manager: vault,
        things: Arc::new(FakeThings::default()),
        kubernetes: None,
        notifier: Notifier::default(),
        store,
        drivers: drivers(),
        observer: Arc::new(Deaf),
    }
}

/// What clusters' controllers made.
#[derive(Default)]
pub(crate) struct FakeThings {
    pub there: Mutex<Vec<Thing>>,
    pub fates: Mutex<VecDeque<Fate>>,
}

impl FakeThings {
    async fn call<T>(&self, act: impl FnOnce(&mut Vec<Thing>) -> T + Send) -> Result<T, CloudError> {
        yield_once().await;
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Fine);
        match fate {
            Fate::Fault(kind) => return Err(fault(kind)),
            Fate::Hang => pending().await,
            _ => {}
        }
        let answer = act(&mut self.there.lock().unwrap());
        match fate {
            Fate::Lost => Err(fault(CloudErrorKind::Unreachable)),
            Fate::DoneHang | Fate::Late(_) => pending().await,
            _ => Ok(answer),
        }
    }
}

#[async_trait]
impl Things for FakeThings {
    async fn things(&self, sort: ThingSort) -> Result<Vec<Thing>, CloudError> {
        self.call(|all| all.iter().filter(|thing| thing.sort == sort).cloned().collect()).await
    }
    async fn remove(&self, thing: &Thing) -> Result<bool, CloudError> {
        self.call(|all| {
            let before = all.len();
            all.retain(|other| other.id != thing.id);
            all.len() < before
        })
        .await
    }
}

/// Tells nobody anything.
pub(crate) struct Deaf;

impl Observer for Deaf {
    fn saved(&self, _: &ClusterRecord) {}
    fn forgotten(&self, _: ClusterId, _: &str) {}
    fn templates(&self, _: Vec<ClusterTemplate>) {}
    fn shares(&self, _: Share) {}
    fn resources(&self, _: ClusterId, _: Vec<StackResource>) {}
    fn events(&self, _: ClusterId, _: Vec<StackEvent>) {}
    fn leader(&self, _: Option<Leader>) {}
    fn trouble(&self, _: Option<Problem>) {}
}

/// A record the built-in driver can plan, and secrets for it; the certificates are made once.
pub(crate) fn plannable(number: u128, name: &str) -> (ClusterRecord, Secrets) {
    static MADE: LazyLock<Secrets> =
        LazyLock::new(|| crate::pki::generate("test", TestClock::default().now()).unwrap());
    let mut record = crate::store::tests::record(number, name);
    record.cluster.driver = drivers().iter().next().unwrap().manifest.name.clone();
    (record, MADE.clone())
}

/// Drivers of which one, named `lean`, sends hardly anything: for clusters made by the thousand.
/// Its add-ons get a credential where labels ask for one.
pub(crate) fn lean_drivers() -> Arc<Drivers> {
    static LEAN: LazyLock<Arc<Drivers>> = LazyLock::new(|| {
        let manifest = r#"
            name = "lean"
            summary = "of tests"
            server_type = "vm"
            os_distro = []
            coe = "kubernetes"
            template = "cluster.yaml"
            files = []
            credential_when = "cluster.cloud_addons"
            [parameters]
            revision = "spec.revision"
            ca_key = "secret.ca_key"
            app_credential_id = "secret.app_credential_id"
            [outputs]
            api_address = "api_address"
            masters = "masters"
            worker_groups = "worker_groups"
        "#;
        let files = [("driver.toml", manifest), ("cluster.yaml", "")];
        let folder = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let drivers = Drivers::load(vec![("lean".into(), Ok(folder))]);
        assert_eq!(drivers.broken().count(), 0);
        Arc::new(drivers)
    });
    LEAN.clone()
}
