use super::*;
use crate::facts::Call;
use crate::plan::Fault;
use crate::testing::{calm, kill, second, time};

/// The second execution begins at 100 s; its rows come at 101, 102, 104 and 106 s.
fn struck_at(seconds: i64) -> Facts {
    let mut facts = calm();
    let mut struck = kill(second(), 10, 3);
    struck.at = time(seconds);
    facts.injected.struck.push(struck);
    for row in facts.journal.get_mut(&second()).unwrap() {
        row.lease_no = if row.committed_at > time(seconds) { 11 } else { 10 };
    }
    facts
}

/// The same, and its last row comes so late.
fn struck_at_105_and_gone_on_at(seconds: i64) -> Facts {
    let mut facts = struck_at(105);
    facts.journal.get_mut(&second()).unwrap()[3].committed_at = time(seconds);
    facts
}

fn outage(from: i64, until: i64) -> Struck {
    let outage = Some(Outage { from: time(from), until: time(until) });
    Struck { outage, at: time(from), fault: Fault::DatabaseCrash { down_ms: 0 }, ..kill(second(), 10, 3) }
}

fn of_kills(facts: &Facts) -> (usize, usize) {
    let measures = Measures::of(facts);
    (measures.takeover.len(), measures.takeover_apart.len())
}

#[test]
fn a_take_over_lasts_from_the_signal_to_the_first_sign_of_another_worker() {
    let measures = Measures::of(&struck_at(105));
    assert_eq!((measures.takeover.len(), measures.takeover.p99_ms()), (1, Some(1_000)));
}

#[test]
fn a_call_shows_that_another_worker_goes_on_unless_it_was_under_way() {
    let mut facts = struck_at_105_and_gone_on_at(125);
    let call = facts.calls.last().unwrap().clone();
    facts.calls.push(Call { at: time(105) + TimeDelta::milliseconds(250), ..call.clone() });
    assert_eq!(Measures::of(&facts).takeover.p99_ms(), Some(20_000));
    facts.calls.push(Call { at: time(107), ..call });
    let measures = Measures::of(&facts);
    assert_eq!((measures.takeover.p99_ms(), measures.takeover_to_row.p99_ms()), (Some(2_000), Some(20_000)));
    facts.injected.struck[0].fault = Fault::Freeze { after_ms: 0 };
    assert_eq!(Measures::of(&facts).freeze_takeover.p99_ms(), Some(20_000), "the call may be its own");
}

#[test]
fn a_take_over_while_the_slot_is_empty_is_one_by_peers() {
    let mut facts = struck_at(105);
    assert_eq!(Measures::of(&facts).takeover_by_peers.len(), 0);
    facts.injected.struck[0].left_vacant = true;
    let measures = Measures::of(&facts);
    assert_eq!((measures.takeover.len(), measures.takeover_by_peers.len()), (1, 1));
}

#[test]
fn a_step_that_waited_for_its_time_tells_nothing_about_a_take_over() {
    // The delay was due at 103 s.
    let measures = Measures::of(&struck_at(102));
    assert_eq!((measures.takeover.len(), measures.takeover_waited, measures.takeover_never), (0, 1, 0));
}

#[test]
fn a_take_over_while_workers_are_connecting_counts_apart() {
    let mut facts = struck_at(105);
    facts.injected.struck.push(outage(90, 101));
    assert_eq!(of_kills(&facts), (1, 0), "they have connected");
    facts.injected.struck.push(outage(90, 103));
    assert_eq!(of_kills(&facts), (0, 1));
}

#[test]
fn a_slow_take_over_is_not_excused_by_an_outage_that_comes_later() {
    let mut facts = struck_at_105_and_gone_on_at(125);
    facts.injected.struck.push(outage(108, 110));
    assert_eq!(of_kills(&facts), (1, 0));
    facts.injected.struck.push(outage(107, 110));
    assert_eq!(of_kills(&facts), (0, 1));
}

#[test]
fn a_slow_take_over_is_not_excused_by_a_kill_that_comes_later() {
    let mut facts = struck_at_105_and_gone_on_at(125);
    facts.injected.struck.push(Struck { at: time(108), ..kill(second(), 12, 4) });
    assert_eq!(of_kills(&facts), (2, 0));
    facts.injected.struck.push(Struck { at: time(106), ..kill(second(), 12, 4) });
    // The other two: what is measured from 106 s is disturbed at 108 s.
    assert_eq!(of_kills(&facts), (1, 2));
}

#[test]
fn a_take_over_after_a_silence_has_ten_seconds() {
    let mut facts = struck_at_105_and_gone_on_at(125);
    facts.injected.struck[0].fault = Fault::Freeze { after_ms: 0 };
    facts.injected.struck.push(outage(116, 117));
    assert_eq!((Measures::of(&facts).freeze_takeover.len(), of_kills(&facts).1), (1, 0));
    facts.injected.struck.push(outage(114, 115));
    assert_eq!((Measures::of(&facts).freeze_takeover.len(), of_kills(&facts).1), (0, 1));
}

#[test]
fn a_take_over_while_calls_are_not_answered_counts_apart() {
    let mut facts = struck_at(105);
    let hang = Struck { fault: Fault::Hang { for_ms: 2_000 }, ..kill(second(), 10, 3) };
    facts.injected.struck.push(Struck { at: time(99), ..hang.clone() });
    assert_eq!(of_kills(&facts), (1, 0), "it is over");
    facts.injected.struck.push(Struck { at: time(101), ..hang });
    assert_eq!(of_kills(&facts), (0, 1));
}

#[test]
fn a_take_over_that_never_came_is_counted() {
    let mut facts = struck_at(105);
    facts.journal.get_mut(&second()).unwrap().pop();
    assert_eq!(Measures::of(&facts).takeover_never, 0, "it had ended");
    facts.executions.get_mut(&second()).unwrap().status = "queued".into();
    assert_eq!(Measures::of(&facts).takeover_never, 1);
}

#[test]
fn what_was_hit_when_the_database_came_back_counts_apart() {
    let mut facts = calm();
    facts.injected.struck.push(outage(103, 105));
    let resumed = |facts: &Facts| {
        let measures = Measures::of(facts);
        (measures.resume.p99_ms(), measures.resume_apart.p99_ms())
    };
    assert_eq!(resumed(&facts), (Some(1_000), None));
    let killed = |at, lease_no| Struck { at: time(at), ..kill(second(), lease_no, 3) };
    facts.injected.struck.push(killed(102, 9));
    facts.injected.struck.push(killed(100, 10));
    assert_eq!(resumed(&facts), (Some(1_000), None), "of another lease, and long ago");
    facts.fenced_at.insert(3, time(104));
    assert_eq!(resumed(&facts), (None, Some(1_000)), "it was given up only then");
    facts.fenced_at.insert(3, time(102));
    assert_eq!(resumed(&facts), (Some(1_000), None));
    facts.injected.struck.push(killed(102, 10));
    assert_eq!(resumed(&facts), (None, Some(1_000)));
}

#[test]
fn lateness_is_counted_from_the_time_that_was_due() {
    let measures = Measures::of(&calm());
    assert_eq!((measures.timer_lateness.len(), measures.timer_lateness.p99_ms()), (2, Some(1_000)));
}

#[test]
fn a_late_timer_is_excused_only_by_a_worker_that_was_just_lost() {
    // It is due at 103 s, and comes at 104 s.
    let timers = |seconds| {
        let measures = Measures::of(&struck_at(seconds));
        (measures.timer_lateness.len(), measures.timer_lateness_apart.len())
    };
    assert_eq!(timers(102), (1, 1));
    let mut facts = struck_at(102);
    facts.injected.struck[0].at = time(100);
    let measures = Measures::of(&facts);
    assert_eq!((measures.timer_lateness.len(), measures.timer_lateness_apart.len()), (2, 0));
}
