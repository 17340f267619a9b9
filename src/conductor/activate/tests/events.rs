//! What can happen in a history, and chance's choice of it. Written so that a history which
//! fails prints as the text of a case for the table in `cases`.

use proptest::prelude::*;
use proptest::sample::select;

use crate::cloud::CloudErrorKind;
use crate::conductor::testing::Fate;
use crate::model::ClusterChange;

/// Who works, and on what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    pub conductors: usize,
    /// They hold leases; else nothing keeps them apart.
    pub leases: bool,
    /// A process may stand still for any time between two calls, as one that was stopped, or on
    /// a laptop that slept; else it gets on within [`super::world::BUSY`], and two may be
    /// interleaved even between a decision and its call.
    pub stalls: bool,
    /// Keys are kept there.
    pub barbican: bool,
    /// It begins with a cluster that is there.
    pub born: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    /// Conductor 0 or 1 begins an activation, if it is not in one.
    Start(usize),
    /// … with the list it last took, however old.
    Compare(usize),
    TakeList(usize),
    /// Its engine says that it lives.
    Beat(usize),
    /// It gets on by one call.
    Run(usize),
    /// Its process is killed.
    Crash(usize),
    HeatFate(Fate),
    /// … that changes something.
    DeedFate(Fate),
    /// Heat answers the next update so many seconds before its stack shows it.
    Lag(i64),
    StoreFate(Fate),
    /// Of Keystone's and Barbican's next call; `true`: done, but the answer is lost.
    VaultFate(CloudErrorKind, bool),
    /// Of the next call to those who know what the cluster's controllers made.
    ThingsFate(Fate),
    Tick(i64),
    /// What Heat is at comes to a good or bad end.
    Finish(bool),
    /// The user wants something, and hears why not where it cannot be.
    Wish(Wish),
    /// The cluster's own controllers make a load balancer.
    Litter,
    /// Somebody else deletes the stack.
    Vanish,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wish {
    Resize(u32),
    /// … without the first of its workers.
    ResizeWithoutFirst(u32),
    Upgrade {
        workers_only: bool,
        batch: u32,
    },
    RotateCa,
    RotateCredential,
    AddGroup(u32),
    DropGroup,
    Steer(ClusterChange),
    Delete,
}

fn fates() -> impl Strategy<Value = Fate> {
    let faults = vec![
        CloudErrorKind::Server,
        CloudErrorKind::Unreachable,
        CloudErrorKind::OverLimit,
        CloudErrorKind::Unauthenticated,
        CloudErrorKind::Protocol,
        CloudErrorKind::BadRequest,
        CloudErrorKind::Forbidden,
        CloudErrorKind::Conflict,
        CloudErrorKind::NotFound,
        CloudErrorKind::NoService,
    ];
    prop_oneof![
        1 => Just(Fate::Fine),
        2 => select(faults).prop_map(Fate::Fault),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Hang),
        1 => Just(Fate::DoneHang),
        1 => (1..20i64).prop_map(Fate::Late),
        1 => (1..90i64).prop_map(Fate::Slow),
    ]
}

fn wishes() -> impl Strategy<Value = Wish> {
    let steers = vec![
        ClusterChange::Pause,
        ClusterChange::Resume,
        ClusterChange::Retry,
        ClusterChange::Retry,
        ClusterChange::Rollback,
        ClusterChange::Cancel,
    ];
    prop_oneof![
        3 => (0..5u32).prop_map(Wish::Resize),
        1 => (0..4u32).prop_map(Wish::ResizeWithoutFirst),
        2 => (any::<bool>(), 1..3u32).prop_map(|(workers_only, batch)| Wish::Upgrade { workers_only, batch }),
        2 => Just(Wish::RotateCa),
        1 => Just(Wish::RotateCredential),
        1 => (0..3u32).prop_map(Wish::AddGroup),
        1 => Just(Wish::DropGroup),
        6 => select(steers).prop_map(Wish::Steer),
        4 => Just(Wish::Delete),
    ]
}

pub(super) fn setups() -> impl Strategy<Value = Setup> {
    (1..3usize, any::<bool>(), any::<bool>(), prop::bool::weighted(0.25), any::<bool>())
        .prop_map(|(conductors, leases, stalls, barbican, born)| Setup { conductors, leases, stalls, barbican, born })
}

pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    let who = || 0..2usize;
    // Not Forbidden: what may not be deleted is left, which is told.
    let kinds =
        vec![CloudErrorKind::Server, CloudErrorKind::Unreachable, CloudErrorKind::Conflict, CloudErrorKind::NotFound];
    let event = prop_oneof![
        6 => who().prop_map(Event::Start),
        3 => who().prop_map(Event::Compare),
        3 => who().prop_map(Event::TakeList),
        2 => who().prop_map(Event::Beat),
        30 => who().prop_map(Event::Run),
        3 => who().prop_map(Event::Crash),
        4 => fates().prop_map(Event::HeatFate),
        3 => fates().prop_map(Event::DeedFate),
        1 => (1..20i64).prop_map(Event::Lag),
        2 => fates().prop_map(Event::StoreFate),
        1 => (select(kinds), any::<bool>()).prop_map(|(kind, done)| Event::VaultFate(kind, done)),
        1 => fates().prop_map(Event::ThingsFate),
        6 => (1..90i64).prop_map(Event::Tick),
        3 => any::<bool>().prop_map(Event::Finish),
        4 => wishes().prop_map(Event::Wish),
        1 => Just(Event::Litter),
        1 => Just(Event::Vanish),
    ];
    prop::collection::vec(event, 1..120)
}
