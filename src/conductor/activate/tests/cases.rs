//! Histories that failed once, or that chance is too slow to find, by name.

use rstest::rstest;

use super::events::Event::{self, *};
use super::events::{Setup, Wish};
use super::world::history;
use crate::cloud::CloudErrorKind;
use crate::conductor::testing::Fate;
use crate::model::ClusterChange;

pub(super) const ONE: Setup = Setup { conductors: 1, leases: false, stalls: false, barbican: false, born: false };
pub(super) const TWO: Setup = Setup { conductors: 2, ..ONE };

fn run(who: usize, times: usize) -> Vec<Event> {
    vec![Run(who); times]
}

#[test]
fn the_plain_story() {
    history(ONE, &[]);
}

/// One conductor looks and finds nothing, the other creates the stack, the user wants it gone,
/// and only then the first comes to act on what it saw.
#[test]
fn an_old_look_does_not_forget_a_new_stack() {
    let looked = [vec![Start(1)], run(1, 3)].concat();
    let created = [vec![Start(0)], run(0, 20)].concat();
    for wish in [vec![Wish(Wish::Delete)], Vec::new()] {
        history(TWO, &[looked.clone(), created.clone(), wish, run(1, 20)].concat());
    }
}

/// A setup, and what happened.
type Case = (Setup, Vec<Event>);

#[rstest]
#[case::a_shrink_cancelled_when_it_is_done_is_sent_again(a_shrink_cancelled_late())]
#[case::a_slow_look_is_not_taken_for_a_fresh_one(a_slow_look_after_a_late_create())]
#[case::a_create_that_stood_still_is_not_sent_after_another(a_create_that_stood_still())]
#[case::a_process_that_slept_does_not_update_what_was_updated(an_update_that_stood_still())]
#[case::an_unreferenced_key_of_the_next_generation_goes_too(a_key_nobody_brought_home())]
#[case::a_delete_takes_back_an_update_that_could_not_be_made(deleted_while_barbican_refuses())]
#[case::a_cancel_stops_no_later_update(cancelled_before_it_was_sent())]
fn what_once_failed(#[case] (setup, events): Case) {
    history(setup, &events);
}

/// Barbican's refusal of the update came when the user wanted the cluster gone already.
fn deleted_while_barbican_refuses() -> Case {
    let barbican = Setup { barbican: true, born: true, ..ONE };
    let refused = vec![Wish(Wish::AddGroup(0)), VaultFate(CloudErrorKind::NotFound, false), TakeList(0), Start(0)];
    (barbican, [refused, run(0, 3), vec![Wish(Wish::Delete)], run(0, 4)].concat())
}

/// Keystone failed, so nothing was under way that could be cancelled; and the next update was.
fn cancelled_before_it_was_sent() -> Case {
    let born = Setup { born: true, ..TWO };
    let begun = [vec![Wish(Wish::RotateCredential), Start(1)], run(1, 3)].concat();
    let failed = [vec![VaultFate(CloudErrorKind::Server, false)], run(1, 3)].concat();
    let cancelled = [vec![Wish(Wish::Steer(ClusterChange::Cancel))], run(1, 2)].concat();
    (born, [begun, failed, cancelled, vec![Wish(Wish::Steer(ClusterChange::Pause))]].concat())
}

/// Nothing was left to do by then, so a retry found nothing to send, and the stack stayed failed.
fn a_shrink_cancelled_late() -> Case {
    let born = Setup { born: true, ..ONE };
    let shrink = vec![Wish(Wish::Resize(0)), Start(0)];
    (born, [shrink, run(0, 4), vec![Start(0), Wish(Wish::Steer(ClusterChange::Cancel))]].concat())
}

/// The create arrives after a process looked for it, whose answer comes when the time to settle is
/// over: forgotten then, the stack would be an orphan.
fn a_slow_look_after_a_late_create() -> Case {
    let stalls = Setup { stalls: true, ..ONE };
    let sent = vec![DeedFate(Fate::Late(19)), Start(0)];
    let looks = vec![Crash(0), Wish(Wish::Delete), HeatFate(Fate::Slow(80)), Start(0)];
    (stalls, [sent, run(0, 20), looks, run(0, 5), vec![Tick(85)], run(0, 20)].concat())
}

/// One process stands still before its create; another finds nothing in time and makes the stack.
fn a_create_that_stood_still() -> Case {
    let stalls = Setup { stalls: true, ..TWO };
    let stands = [vec![Start(0)], run(0, 5), vec![Tick(61)]].concat();
    let other = [vec![DeedFate(Fate::Late(19)), Start(1)], run(1, 20)].concat();
    (stalls, [stands, other, run(0, 20)].concat())
}

fn an_update_that_stood_still() -> Case {
    let stalls = Setup { stalls: true, born: true, ..TWO };
    let stands = [vec![Wish(Wish::Resize(4)), Start(0)], run(0, 3), vec![Tick(61)]].concat();
    let other = [vec![Start(1)], run(1, 20)].concat();
    (stalls, [stands, other, run(0, 20)].concat())
}

/// Barbican took the key, and the answer was lost with the process.
fn a_key_nobody_brought_home() -> Case {
    let barbican = Setup { barbican: true, born: true, ..ONE };
    let mut events = vec![Wish(Wish::RotateCa), Start(0)];
    for _ in 0..40 {
        events.extend([VaultFate(CloudErrorKind::Unreachable, true), Run(0)]);
    }
    events.extend([Crash(0), Wish(Wish::Delete)]);
    (barbican, events)
}

/// A note of what is about to be sent, and the fresh one in its place, each took the store so long
/// that they were old when they were kept: the next process must not think that all is settled.
#[test]
fn a_slow_store_makes_no_old_notes() {
    let stalls = Setup { stalls: true, born: true, ..ONE };
    for before in 0..8 {
        for after in 0..4 {
            let noted = [vec![Wish(Wish::Resize(4)), Start(0)], run(0, before), vec![Tick(61)]].concat();
            let again = [run(0, after), vec![Tick(90), DeedFate(Fate::Late(19))], run(0, 20)].concat();
            let next = [vec![Crash(0), Start(0)], run(0, 20), vec![Tick(30)], run(0, 20)].concat();
            history(stalls, &[noted, again, next].concat());
        }
    }
}
