use capstan_engine::core::ids::{ExecutionId, Scope, SignalId, StepKey};
use capstan_engine::core::journal::{Asked, Entry, Event, Resolution};
use capstan_engine::store::codec::Row;
use capstan_engine::store::commit::{Commit, Reply, Then, already_written, commit};
use capstan_engine::store::connect::Role;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::past::{Past, load};
use capstan_engine::store::signals::pending;
use capstan_engine::store::workers::retire;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::support::{Cell, PARK, claim_all, end, settled, step, write};

async fn past_of(connection: &mut PgConnection, id: Uuid) -> Past {
    load(connection, &[id]).await.unwrap().remove(&id).unwrap()
}

#[tokio::test]
async fn what_is_committed_is_read_again() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let mut first = step(&claimed, 1, Then::Hold);
    let entries = ["a", "b"].map(|node| settled(node, json!({ "deep": [null, 1.5, "ä"], "of": node })));
    first.rows = entries.iter().map(Row::of).collect();
    write(&mut worker, &[&first]).await;
    let last = settled("c", Value::Null);
    let second = Commit { rows: vec![Row::of(&last)], ..step(&claimed, 3, Then::Hold) };
    write(&mut worker, &[&second]).await;
    let journal = past_of(&mut worker.0, claimed.execution_id).await.entries().unwrap();
    let events = |entries: &[Entry]| entries.iter().map(|entry| entry.event.clone()).collect::<Vec<_>>();
    assert_eq!(events(&journal), events(&[entries.as_slice(), &[last]].concat()));
}

#[tokio::test]
async fn what_persons_said_is_read_again() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let step = StepKey { node_id: "a".into(), scope: Scope("each[3]".into()) };
    let asked = |reason: Option<&str>| Asked {
        by: "ops".into(),
        reason: reason.map(str::to_owned),
        signal_id: SignalId::new(),
    };
    let resolved = |step: Option<&StepKey>, resolution| {
        let step = step.cloned();
        Event::Resolved { step, resolution, asked: asked(Some("by hand")) }
    };
    let config = Some(json!({ "url": "https://example.com", "gone": null }));
    let entries: Vec<Entry> = [
        resolved(None, Resolution::Retry { config: None }),
        resolved(Some(&step), Resolution::Retry { config }),
        resolved(Some(&step), Resolution::Skip),
        resolved(Some(&step), Resolution::Fail),
        Event::Hastened { step: None, asked: asked(None) },
        Event::Hastened { step: Some(step.clone()), asked: asked(None) },
        Event::Paused { asked: asked(Some("maintenance")) },
        Event::Resumed { asked: asked(None) },
    ]
    .map(|event| Entry { at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(), event })
    .into();
    let rows = entries.iter().map(Row::of).collect();
    write(&mut worker, &[&Commit { rows, ..super::support::step(&claimed, 1, Then::Hold) }]).await;
    assert_eq!(past_of(&mut worker.0, claimed.execution_id).await.entries().unwrap(), entries);
}

#[tokio::test]
async fn a_signal_that_leads_to_nothing_goes_with_a_commit() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    cell.signal(claimed.execution_id).await;
    cell.signal(claimed.execution_id).await;
    let waiting = pending(&mut worker.0, ExecutionId(claimed.execution_id)).await.unwrap();
    let dropped = vec![SignalId(waiting[0].signal_id)];
    write(&mut worker, &[&Commit { dropped, ..step(&claimed, 1, Then::Hold) }]).await;
    let left = pending(&mut worker.0, ExecutionId(claimed.execution_id)).await.unwrap();
    assert_eq!(left.iter().map(|signal| signal.signal_id).collect::<Vec<_>>(), [waiting[1].signal_id]);
}

#[tokio::test]
async fn an_end_takes_lease_timer_and_signals_with_it_and_tells_the_outbox() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let due_at = Some(Utc::now() + TimeDelta::days(1));
    write(&mut worker, &[&step(&claimed, 1, Then::Park { due_at })]).await;
    cell.signal(claimed.execution_id).await;
    let again = claim_all(&mut worker).await.remove(0);
    write(&mut worker, &[&step(&again, 2, end(true))]).await;
    for table in ["leases", "timers", "signals", "queue"] {
        assert_eq!(cell.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let ended =
        "SELECT count(*) FROM executions WHERE status = 'completed' AND ended_at IS NOT NULL AND output = '\"done\"'";
    assert_eq!(cell.count(ended).await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM outbox WHERE type = 'execution.completed'").await, 1);
}

/// Executions that end together.
const MANY: usize = 200;

#[tokio::test]
async fn ends_find_room_on_the_pages_of_their_executions_though_they_come_together() {
    const PAGES: &str = "SELECT count(DISTINCT (ctid::text::point)[0])::bigint FROM executions";
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, MANY).await;
    let before = cell.count(PAGES).await;
    let ends: Vec<Commit> = claimed.iter().map(|claimed| step(claimed, 1, end(false))).collect();
    write(&mut worker, &ends.iter().collect::<Vec<_>>()).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL").await, MANY as i64);
    assert_eq!(cell.count(PAGES).await, before);
}

#[tokio::test]
async fn an_end_takes_a_signal_with_it_that_nobody_has_looked_at() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    for parked in [false, true] {
        let claimed = cell.leased(&mut worker).await;
        cell.signal(claimed.execution_id).await;
        // The token wakes the lease; the end knows nothing of it.
        claim_all(&mut worker).await;
        let other = cell.leased(&mut worker).await;
        let beside = step(&other, 1, if parked { PARK } else { end(false) });
        write(&mut worker, &[&step(&claimed, 1, end(false)), &beside]).await;
        assert_eq!(cell.count("SELECT count(*) FROM signals").await, 0);
    }
}

fn incident() -> Then {
    Then::End { status: "incident", output: None, error: Some(json!({ "class": "x" }).to_string()), leftovers: true }
}

#[tokio::test]
async fn an_incident_that_was_woken_is_looked_at_again() {
    let cell = Cell::new().await;
    let (mut worker, mut other) = (cell.worker().await, cell.worker().await);
    let claimed = cell.leased_many(&mut worker, 2).await;
    // The wake-up of the first meets its lease.
    cell.signal(claimed[0].execution_id).await;
    assert_eq!(claim_all(&mut other).await[0].held_by, Some(worker.1));
    write(&mut worker, &[&step(&claimed[0], 1, incident()), &step(&claimed[1], 1, incident())]).await;
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 0);
    let again = claim_all(&mut other).await;
    let seen: Vec<_> = again.iter().map(|it| (it.execution_id, it.incident, it.held_by)).collect();
    assert_eq!(seen, [(claimed[0].execution_id, true, None)]);
}

#[tokio::test]
async fn an_incident_gives_up_the_lease_but_has_not_ended() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    cell.signal(claimed.execution_id).await;
    write(&mut worker, &[&step(&claimed, 1, incident())]).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE status = 'incident' AND ended_at IS NULL").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM signals").await, 1);
}

#[tokio::test]
async fn a_park_sets_the_timer_and_a_later_park_replaces_it() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let later = Utc::now() + TimeDelta::days(2);
    write(&mut worker, &[&step(&claimed, 1, Then::Park { due_at: Some(later) })]).await;
    cell.signal(claimed.execution_id).await;
    let again = claim_all(&mut worker).await.remove(0);
    let sooner = Utc::now() + TimeDelta::days(1);
    write(&mut worker, &[&step(&again, 2, Then::Park { due_at: Some(sooner) })]).await;
    assert_eq!(cell.count("SELECT extract(epoch FROM due_at)::bigint FROM timers").await, {
        let micros = sooner.timestamp_micros();
        (micros + 500_000).div_euclid(1_000_000)
    });
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 0);
}

#[tokio::test]
async fn a_park_without_a_deadline_leaves_nothing_but_the_journal() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    write(&mut worker, &[&step(&claimed, 1, PARK)]).await;
    for (table, rows) in [("leases", 0), ("timers", 0), ("queue", 0), ("journal", 1)] {
        assert_eq!(cell.count(&format!("SELECT count(*) FROM {table}")).await, rows, "{table}");
    }
}

#[tokio::test]
async fn a_woken_execution_is_not_parked_but_its_entries_are_written() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 2).await;
    cell.signal(claimed[0].execution_id).await;
    assert_eq!(claim_all(&mut worker).await[0].held_by, Some(worker.1));
    let (first, second) = (step(&claimed[0], 1, PARK), step(&claimed[1], 1, PARK));
    let reply = commit(&mut worker.0, worker.1, &[&second, &first]).await.unwrap();
    assert_eq!(reply, Reply::Written(vec![first.execution_id]));
    assert_eq!(cell.count("SELECT count(*) FROM leases WHERE woken").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 2);
}

#[tokio::test]
async fn a_commit_that_holds_on_hears_of_a_wake() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    cell.signal(claimed.execution_id).await;
    claim_all(&mut worker).await;
    let reply = commit(&mut worker.0, worker.1, &[&step(&claimed, 1, Then::Hold)]).await.unwrap();
    assert_eq!(reply, Reply::Written(vec![ExecutionId(claimed.execution_id)]));
    assert_eq!(commit(&mut worker.0, worker.1, &[]).await.unwrap(), Reply::Written(Vec::new()));
}

#[tokio::test]
async fn a_fenced_worker_cannot_commit() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    retire(&mut worker.0, worker.1).await.unwrap();
    let error = commit(&mut worker.0, worker.1, &[&step(&claimed, 1, Then::Hold)]).await.unwrap_err();
    assert!(matches!(error, StoreError::Fenced), "{error:?}");
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 0);
}

#[tokio::test]
async fn a_commit_with_a_lease_that_is_not_ours_is_refused_whole_and_names_the_lost() {
    let cell = Cell::new().await;
    let (mut ours, mut theirs) = (cell.worker().await, cell.worker().await);
    let mine = cell.leased_many(&mut ours, 2).await;
    let foreign = cell.leased(&mut theirs).await;
    let stale = Commit { lease_no: mine[1].lease_no + 1_000, ..step(&mine[1], 1, Then::Hold) };
    let (good, foreign) = (step(&mine[0], 1, end(false)), step(&foreign, 1, end(false)));
    let Reply::Lost(mut lost) = commit(&mut ours.0, ours.1, &[&good, &stale, &foreign]).await.unwrap() else {
        panic!("written")
    };
    lost.sort();
    let mut expected = vec![stale.execution_id, foreign.execution_id];
    expected.sort();
    assert_eq!(lost, expected);
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 3);
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn a_position_that_is_taken_is_a_data_error_and_nothing_is_written() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 2).await;
    write(&mut worker, &[&step(&claimed[0], 1, Then::Hold)]).await;
    let (again, good) = (step(&claimed[0], 1, end(false)), step(&claimed[1], 1, end(false)));
    let error = commit(&mut worker.0, worker.1, &[&good, &again]).await.unwrap_err();
    assert!(matches!(error, StoreError::Data(_)), "{error:?}");
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 2);
}

#[tokio::test]
async fn text_with_a_nul_is_a_data_error_and_nothing_is_written() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let mut in_json = step(&claimed, 1, Then::Hold);
    in_json.rows = vec![Row::of(&settled("a", json!("x\u{0}")))];
    let mut in_text = step(&claimed, 1, Then::Hold);
    in_text.rows = vec![Row::of(&settled("a\u{0}", Value::Null))];
    for bad in [in_json, in_text] {
        let error = commit(&mut worker.0, worker.1, &[&bad]).await.unwrap_err();
        assert!(matches!(error, StoreError::Data(_)), "{error:?}");
    }
    write(&mut worker, &[&step(&claimed, 1, Then::Hold)]).await;
}

#[tokio::test]
async fn a_consumed_signal_goes_in_the_commit_that_journals_it() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let id = ExecutionId(claimed.execution_id);
    cell.signal(id.0).await;
    cell.signal(id.0).await;
    let waiting = pending(&mut worker.0, id).await.unwrap();
    let signal_id = SignalId(waiting[0].signal_id);
    let event = Event::Signalled { step: StepKey::root("a".into()), signal_id, payload: json!(1) };
    let commit = Commit { rows: vec![Row::of(&Entry { at: Utc::now(), event })], ..step(&claimed, 1, Then::Hold) };
    write(&mut worker, &[&commit]).await;
    let left = pending(&mut worker.0, id).await.unwrap();
    assert_eq!(left.iter().map(|left| left.signal_id).collect::<Vec<_>>(), [waiting[1].signal_id]);
}

#[tokio::test]
async fn usage_is_written_with_its_step() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let metered = Commit { usage: vec![("mails", 2), ("bytes", 5)], ..step(&claimed, 1, Then::Hold) };
    write(&mut worker, &[&metered]).await;
    assert_eq!(cell.count("SELECT sum(units)::bigint FROM usage").await, 7);
}

#[tokio::test]
async fn what_was_already_written_is_found_exactly() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 3).await;
    let written = [step(&claimed[0], 1, end(false)), step(&claimed[1], 1, PARK)];
    write(&mut worker, &[&written[0], &written[1]]).await;
    let never = step(&claimed[2], 1, PARK);
    let next = step(&claimed[1], 2, PARK);
    let foreign = Commit { lease_no: claimed[2].lease_no, ..step(&claimed[0], 1, PARK) };
    let mut asker = cell.connect(Role::Worker).await;
    let all = [&written[0], &never, &written[1]];
    assert_eq!(already_written(&mut asker, &all).await.unwrap(), [written[0].execution_id, written[1].execution_id]);
    assert!(already_written(&mut asker, &[&never, &next, &foreign]).await.unwrap().is_empty());
}
