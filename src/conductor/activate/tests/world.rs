//! The world in which histories happen: a store, a Heat and the services beside it, and
//! processes that get on by one call at a time. Start reading at [`history`].

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;

use super::events::{Event, Setup, Wish};
use super::store::Unsteady;
use crate::conductor::activate::{Observed, Outcome, Ports, activate};
use crate::conductor::machine::{self, Next};
use crate::conductor::shards::Warrant;
use crate::conductor::testing::{FakeHeat, FakeThings, FakeVault, TestClock, lean_drivers, plannable, ports};
use crate::conductor::{change, groups, keys, wish_absent};
use crate::model::{
    ClusterChange, ClusterId, NodeImage, Problem, Stack, StackResource, Status, Thing, ThingSort, WorkerGroup,
    WorkerNode,
};
use crate::store::tests::{scope, template};
use crate::store::{Before, ClusterRecord, Intent, Secrets, Store, StoreError};

/// How long, in seconds, a living process may take for one activation where it does not stand
/// still: the machine counts on a call getting to Heat well within its settling time.
pub(super) const BUSY: i64 = 15;
/// Of a lease, in seconds.
const LEASE: i64 = 30;

type Running = Pin<Box<dyn Future<Output = Result<Outcome, StoreError>>>>;

#[derive(Default)]
struct Process {
    /// Another one after each crash.
    number: u32,
    running: Option<Running>,
    began: DateTime<Utc>,
    list: Option<(DateTime<Utc>, Vec<Stack>)>,
}

/// Which process has the cluster, and until when.
type Lease = Arc<Mutex<Option<(u32, DateTime<Utc>)>>>;

pub(super) struct World {
    setup: Setup,
    pub heat: Arc<FakeHeat>,
    store: Arc<Unsteady>,
    vault: Arc<FakeVault>,
    things: Arc<FakeThings>,
    clock: TestClock,
    ports: Ports,
    pub id: ClusterId,
    processes: Vec<Process>,
    /// How many processes there were.
    count: u32,
    lease: Lease,
    images: u32,
    litter: u32,
    vanished: bool,
}

/// When an update fails, every other worker of it is there all the same.
fn worker_that_is_up(index: u32) -> StackResource {
    StackResource {
        name: "ready".into(),
        kind: "OS::Heat::WaitCondition".into(),
        status: Status::CREATE_COMPLETE,
        status_reason: String::new(),
        physical_id: String::new(),
        path: ["worker_groups", "0", "nodes", &index.to_string()].map(str::to_owned).into(),
        nested: None,
        stack_id: String::new(),
        updated: None,
    }
}

impl World {
    pub fn new(setup: Setup) -> Self {
        let (heat, store) = (Arc::new(FakeHeat::default()), Arc::new(Unsteady::default()));
        heat.lock().yields = !setup.stalls;
        heat.lock().resources = (0..60).step_by(2).map(worker_that_is_up).collect();
        let clock = heat.clock.clone();
        let (mut record, secrets) = plannable(1, "prod");
        record.cluster.driver = "lean".into();
        let labels = &mut record.cluster.labels.0;
        // Without it a lone master is never replaced.
        labels.insert("etcd_volume_size".into(), "10".into());
        labels.insert("cloud_provider_enabled".into(), "true".into());
        if setup.barbican {
            labels.insert("cert_manager".into(), "barbican".into());
        }
        now(store.inner.add_template(&scope(), &template())).unwrap();
        now(store.inner.add_cluster(&mut record, &secrets)).unwrap();
        let (vault, things) = (Arc::new(FakeVault::default()), Arc::new(FakeThings::default()));
        let ports = Ports {
            drivers: lean_drivers(),
            things: things.clone(),
            ..ports(heat.clone(), store.clone(), vault.clone())
        };
        let mut world = Self {
            setup,
            heat,
            store,
            vault,
            things,
            clock,
            ports,
            id: record.id(),
            processes: Vec::new(),
            count: 0,
            lease: Lease::default(),
            images: 0,
            litter: 0,
            vanished: false,
        };
        if setup.born {
            world.calm();
        }
        world.processes = (0..setup.conductors).map(|_| world.process()).collect();
        world
    }

    fn process(&mut self) -> Process {
        self.count += 1;
        Process { number: self.count, ..Process::default() }
    }

    pub fn record(&self) -> Option<ClusterRecord> {
        now(self.store.inner.cluster(&scope(), self.id)).unwrap()
    }

    /// Takes the lease or prolongs it; `false`: another one has it.
    fn beat(&self, who: usize) -> bool {
        if !self.setup.leases {
            return true;
        }
        let (me, now) = (self.processes[who].number, self.clock.now());
        let mut lease = self.lease.lock().unwrap();
        if lease.is_some_and(|(owner, until)| owner != me && now < until) {
            return false;
        }
        *lease = Some((me, now + TimeDelta::seconds(LEASE)));
        true
    }

    fn warrant(&self, who: usize) -> Warrant {
        if !self.setup.leases {
            return Warrant::new(|| true);
        }
        let (lease, clock, me) = (self.lease.clone(), self.clock.clone(), self.processes[who].number);
        Warrant::new(move || lease.lock().unwrap().is_some_and(|(owner, until)| owner == me && clock.now() < until))
    }

    pub fn begin(&mut self, who: usize, observed: Observed) {
        if self.processes[who].running.is_some() || !self.beat(who) {
            return;
        }
        let (ports, id, warrant) = (self.ports.clone(), self.id, self.warrant(who));
        let process = &mut self.processes[who];
        process.running = Some(Box::pin(async move { activate(&ports, &warrant, id, observed).await }));
        process.began = self.clock.now();
    }

    pub fn run(&mut self, who: usize) -> Option<Result<Outcome, StoreError>> {
        let running = self.processes[who].running.as_mut()?;
        let Poll::Ready(end) = running.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { return None };
        self.processes[who].running = None;
        Some(end)
    }

    fn line(&self, list: &(DateTime<Utc>, Vec<Stack>)) -> Observed {
        let known = self.record().and_then(|record| record.cluster.stack_id);
        let ours = |stack: &&Stack| match &known {
            Some(id) => stack.id == *id,
            None => stack.tags.contains(&self.id.to_string()),
        };
        Observed::Listed { stack: list.1.iter().find(ours).cloned(), asked: list.0 }
    }

    pub fn happen(&mut self, event: &Event) {
        let last = self.processes.len() - 1;
        match event {
            Event::Start(who) => self.begin(last.min(*who), Observed::Nothing),
            Event::TakeList(who) => {
                let stacks = self.heat.lock().live().into_iter().cloned().collect();
                self.processes[last.min(*who)].list = Some((self.clock.now(), stacks));
            }
            Event::Compare(who) => {
                if let Some(list) = self.processes[last.min(*who)].list.clone() {
                    self.begin(last.min(*who), self.line(&list));
                }
            }
            Event::Beat(who) => {
                self.beat(last.min(*who));
            }
            Event::Run(who) => {
                self.run(last.min(*who));
            }
            Event::Crash(who) => self.processes[last.min(*who)] = self.process(),
            Event::DeedFate(fate) => self.heat.lock().deeds.push_back(*fate),
            Event::Lag(seconds) => self.heat.lock().lag = Some(*seconds),
            Event::HeatFate(fate) => self.heat.lock().fates.push_back(*fate),
            Event::StoreFate(fate) => self.store.fates.lock().unwrap().push_back(*fate),
            Event::VaultFate(kind, done) => self.vault.fates.lock().unwrap().push_back((*kind, *done)),
            Event::ThingsFate(fate) => self.things.fates.lock().unwrap().push_back(*fate),
            Event::Tick(seconds) => self.tick(*seconds),
            Event::Finish(good) => self.finish(*good),
            Event::Wish(wish) => {
                self.wish(wish);
            }
            Event::Litter => self.litter(),
            Event::Vanish => {
                self.things.there.lock().unwrap().clear();
                for stack in &mut self.heat.lock().stacks {
                    stack.status = Status::DELETE_COMPLETE;
                    self.vanished = true;
                }
            }
        }
    }

    fn tick(&self, seconds: i64) {
        let now = self.clock.now();
        let busy = self.processes.iter().filter(|process| process.running.is_some());
        let left = busy.map(|process| BUSY - (now - process.began).num_seconds()).min();
        let left = left.filter(|_| !self.setup.stalls);
        self.clock.advance(left.map_or(seconds, |left| left.clamp(0, seconds)));
        self.heat.settle();
    }

    fn finish(&self, good: bool) {
        let held = !self.things.there.lock().unwrap().is_empty();
        let mut heat = self.heat.lock();
        heat.held = held;
        heat.finish(good);
    }

    /// Only where there is a cluster to do it, and none that Heat takes down already.
    fn litter(&mut self) {
        let well = |stack: &&Stack| stack.status.is_complete();
        if self.heat.lock().live().into_iter().any(|stack| well(&stack)) {
            self.litter += 1;
            self.things.there.lock().unwrap().push(Thing {
                sort: ThingSort::LoadBalancer,
                id: format!("balancer-{}", self.litter),
                name: format!("kube_service_{}_default_web-{}", self.id, self.litter),
                description: String::new(),
                status: "ACTIVE".into(),
                metadata: Default::default(),
                tags: Vec::new(),
                holder: None,
                owner: String::new(),
                network: None,
                created: None,
            });
        }
    }

    /// As the manager does it; whether it was accepted.
    pub fn wish(&mut self, wish: &Wish) -> bool {
        let Some(mut record) = self.record() else { return false };
        let now_ = self.clock.now();
        groups::show(&mut record);
        let done = match wish {
            Wish::Delete => {
                wish_absent(&mut record, now_);
                Ok(())
            }
            Wish::Resize(count) => change::resize(&mut record, *count, None, &BTreeSet::new(), now_),
            Wish::ResizeWithoutFirst(count) => {
                let first = record.goal.workers[0].nodes.keys().next().copied();
                change::resize(&mut record, *count, None, &first.into_iter().collect(), now_)
            }
            Wish::Upgrade { workers_only, batch } => self.upgrade(&mut record, *workers_only, *batch),
            Wish::RotateCa => {
                let (certificate, key) = next_keys();
                let names = [("ca_cert", certificate), ("ca_key", key)];
                let generation = change::next_generation(&record);
                let made: Secrets = names.map(|(name, value)| (keys::name(name, generation), value.into())).into();
                change::rotate_ca(&mut record, 1, now_).inspect(|()| {
                    now(self.store.inner.add_secrets(self.id, &made)).unwrap();
                })
            }
            Wish::RotateCredential => change::rotate_credential(&mut record, now_),
            Wish::AddGroup(count) => {
                let mut group = WorkerGroup { name: "extra".into(), role: "worker".into(), ..WorkerGroup::default() };
                let like = WorkerNode { image: record.facts.image(), ca_step: record.goal.ca_step };
                group.grow(usize::try_from(*count).unwrap(), &like);
                change::create_group(&mut record, group, (0, None), now_)
            }
            Wish::DropGroup => change::delete_group(&mut record, "extra", now_),
            Wish::Steer(how) => change::steer(&mut record, how, now_),
        };
        done.is_ok() && now(self.store.inner.save_cluster(&mut record)).is_ok()
    }

    fn upgrade(&mut self, record: &mut ClusterRecord, workers_only: bool, batch: u32) -> Result<(), Problem> {
        self.images += 1;
        let image = NodeImage { id: format!("image-{}", self.images), ..record.facts.image() };
        let before = Before {
            cluster_template_id: record.cluster.cluster_template_id,
            template_name: record.cluster.template_name.clone(),
            template: record.template.clone(),
            facts: record.facts.clone(),
            labels: record.cluster.labels.clone(),
        };
        let mut after = before.clone();
        after.facts.image_id.clone_from(&image.id);
        let group = workers_only.then(|| "default-worker".to_owned());
        change::upgrade(record, change::Target { image, group, batch, before, after }, self.clock.now())
    }

    /// What holds at every moment.
    pub fn check(&self) {
        let state = self.heat.lock();
        let updates = &state.updates;
        assert!(
            updates.windows(2).all(|pair| pair[0] < pair[1]),
            "an update begun twice, or an older one: {updates:?}"
        );
        let live = state.live();
        assert!(live.len() + state.late.len() <= 1, "two stacks: {live:?} and {:?} to come", state.late);
        let there = live.len() + state.late.len() == 1;
        match self.record() {
            None => assert!(!there, "the record is gone, the stack is not"),
            Some(record) => {
                let known = record.cluster.stack_id.is_some();
                let sought = record.track.create_sent.is_some();
                assert!(!there || known || sought, "a stack its record knows nothing of: {record:?}");
                if let (Some(id), [stack]) = (&record.cluster.stack_id, live.as_slice()) {
                    assert_eq!(*id, stack.id, "the record is about another stack");
                }
            }
        }
    }

    /// Good weather, and one process that goes on as an engine would.
    pub fn calm(&mut self) {
        self.processes = vec![self.process()];
        *self.lease.lock().unwrap() = None;
        self.heat.lock().fates.clear();
        self.heat.lock().deeds.clear();
        self.heat.lock().lag = None;
        self.store.fates.lock().unwrap().clear();
        self.vault.fates.lock().unwrap().clear();
        self.things.fates.lock().unwrap().clear();
        let mut rest = 0;
        for round in 0..400 {
            let observed = if round % 2 == 0 {
                Observed::Nothing
            } else {
                let list = (self.clock.now(), self.heat.lock().live().into_iter().cloned().collect());
                self.line(&list)
            };
            self.begin(0, observed);
            let end = loop {
                if let Some(end) = self.run(0) {
                    break end.unwrap();
                }
            };
            self.check();
            match end {
                Outcome::Gone => return,
                Outcome::Rest(record, Next::List) if !machine::is_moving(&record) => {
                    rest += 1;
                    if rest > 4 {
                        return;
                    }
                }
                Outcome::Rest(..) => rest = 0,
                Outcome::Lost => panic!("nobody else is there"),
            }
            self.clock.advance(7);
            self.heat.settle();
            if round % 3 == 0 {
                self.finish(true);
            }
        }
        panic!("never comes to rest: {:?} {:?}", self.record(), self.heat.lock().live());
    }
}

/// Lets it all happen, then the weather clears: the cluster comes to rest, somewhere from where a
/// user can go on, and can be deleted to nothing.
pub(super) fn history(setup: Setup, events: &[Event]) {
    let mut world = World::new(setup);
    for event in events {
        world.happen(event);
        // Others only say what is to come.
        if matches!(event, Event::Run(_) | Event::Tick(_) | Event::Finish(_) | Event::Wish(_) | Event::Vanish) {
            world.check();
        }
    }
    world.calm();
    if let Some(record) = world.record() {
        let live: Vec<String> = world.heat.lock().live().into_iter().map(|stack| stack.id.clone()).collect();
        if record.intent == Intent::Absent {
            assert_eq!(record.cluster.status.to_string(), "DELETE_FAILED", "{record:?}");
        } else if record.cluster.status.is_complete() {
            assert_eq!(live, record.cluster.stack_id.clone().into_iter().collect::<Vec<_>>());
            assert_eq!(record.track.ending, None);
            assert_eq!(world.heat.lock().live()[0].revision, Some(record.taken.revision));
            assert_eq!(record.goal, record.taken);
        } else if !world.vanished && (record.cluster.is_held() || record.cluster.status == Status::UPDATE_FAILED) {
            let goal = record.goal.node_count();
            let way = if record.cluster.is_held() { ClusterChange::Resume } else { ClusterChange::Retry };
            assert!(world.wish(&Wish::Steer(way)), "no way on from {record:?}");
            world.calm();
            let record = world.record().unwrap();
            assert_eq!(
                (record.cluster.status.to_string().as_str(), record.taken.node_count()),
                ("UPDATE_COMPLETE", goal)
            );
        } else {
            assert!(record.cluster.status.is_failed() || world.vanished, "{record:?}");
            assert!(!record.cluster.status_reason.is_empty(), "{record:?}");
        }
        world.wish(&Wish::Delete);
        world.calm();
    }
    assert!(world.record().is_none(), "{:?}", world.record());
    assert!(world.heat.lock().live().is_empty() && world.heat.lock().late.is_empty());
    assert!(world.things.there.lock().unwrap().is_empty(), "what its controllers made is left");
    assert!(world.vault.is_empty(), "a credential, or keys in Barbican, are left");
}

/// Made once: what is in them matters to nobody here.
fn next_keys() -> (String, String) {
    static MADE: LazyLock<(String, String)> = LazyLock::new(|| {
        let (certificate, key) = crate::pki::next_authority("test", TestClock::default().now()).unwrap();
        (certificate, key.expose_secret().to_owned())
    });
    MADE.clone()
}

/// Runs a future that has nothing to wait for.
pub(super) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}
