//! Gates in the database: slots are taken all at once, given back with the lease, and never more than the limits say.

use std::collections::HashSet;

use capstan_engine::core::gate::Gate;
use capstan_engine::core::ids::{ExecutionId, WorkflowId};
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::commit::{Commit, Reply, Then, commit};
use capstan_engine::store::connect::Role;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::gates::{Entered, Entering, Passed, admit, enter, sweep};
use capstan_engine::store::limits;
use capstan_engine::store::workers::reap;
use sqlx::PgConnection;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::support::{Cell, PARK, claim_all, end, step, write};

type Worker = (PgConnection, i32);

pub(super) fn key(value: &str) -> Gate {
    Gate::key(WorkflowId(Uuid::nil()), value)
}

pub(super) fn entering(claimed: &Claimed, gates: &[Gate], key_max: Option<u32>) -> Entering {
    Entering {
        execution_id: ExecutionId(claimed.execution_id),
        lease_no: claimed.lease_no,
        vt: claimed.vt,
        gates: gates.to_vec(),
        key_max,
        due_at: None,
        is_at_work: false,
        unbegun: claimed.begins_here(),
    }
}

/// Has them enter by one key, of which `most` may be at work.
async fn enter_all(cell: &Cell, worker: &mut Worker, claimed: &[Claimed], most: u32) -> Passed {
    let all: Vec<Entering> = claimed.iter().map(|claimed| entering(claimed, &[key("a")], Some(most))).collect();
    enter(&mut worker.0, worker.1, cell.workspace, &all).await.unwrap()
}

async fn slots(cell: &Cell) -> i64 {
    cell.count("SELECT count(*) FROM slots").await
}

/// Lets in whoever waits for the key.
async fn admit_all(cell: &Cell, worker: &mut Worker) -> Vec<ExecutionId> {
    admit(&mut worker.0, cell.workspace, HashSet::from([key("a")])).await.unwrap().admitted
}

fn leaves(claimed: &Claimed, position: u32, then: Then) -> Commit {
    Commit { leaves: true, ..step(claimed, position, then) }
}

#[tokio::test]
async fn as_many_as_the_limit_says_enter_and_the_rest_wait_without_a_lease() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 5).await;
    let passed = enter_all(&cell, &mut worker, &claimed, 2).await;
    assert_eq!(passed.entered, [Entered::In, Entered::In, Entered::Waits, Entered::Waits, Entered::Waits]);
    for (table, rows) in [("slots", 2), ("gated", 3), ("leases", 2), ("queue", 0)] {
        assert_eq!(cell.count(&format!("SELECT count(*) FROM {table}")).await, rows, "{table}");
    }
    let again = enter_all(&cell, &mut worker, &claimed, 2).await;
    assert_eq!(again.entered, [Entered::In, Entered::In, Entered::Lost, Entered::Lost, Entered::Lost]);
    assert_eq!(cell.count("SELECT count(*) FROM slots").await, 2);
}

#[tokio::test]
async fn slots_are_given_back_with_the_lease_and_the_first_in_line_is_let_in() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 4).await;
    enter_all(&cell, &mut worker, &claimed, 2).await;
    assert!(admit_all(&cell, &mut worker).await.is_empty(), "nobody is let in while the gate is full");
    cell.signal(claimed[0].execution_id).await;
    claim_all(&mut worker).await;
    let parks = commit(&mut worker.0, worker.1, &[&leaves(&claimed[0], 1, PARK)]).await.unwrap();
    assert_eq!(parks, Reply::Written(vec![ExecutionId(claimed[0].execution_id)]), "a signal is there");
    assert_eq!(slots(&cell).await, 2, "what is not parked keeps its slot");
    write(&mut worker, &[&leaves(&claimed[1], 1, end(false))]).await;
    assert_eq!(slots(&cell).await, 1);
    assert_eq!(admit_all(&cell, &mut worker).await, [ExecutionId(claimed[2].execution_id)]);
    let again = claim_all(&mut worker).await;
    assert_eq!((again.len(), again[0].execution_id), (1, claimed[2].execution_id));
    assert_eq!(enter_all(&cell, &mut worker, &again, 2).await.entered, [Entered::In], "it holds its slot already");
    assert_eq!(slots(&cell).await, 2);
}

#[tokio::test]
async fn nobody_enters_before_those_who_wait_and_everybody_keeps_his_place_though_he_is_woken() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let first = cell.leased_many(&mut worker, 2).await;
    enter_all(&cell, &mut worker, &first, 1).await;
    let later = cell.leased_many(&mut worker, 1).await;
    cell.signal(first[1].execution_id).await;
    let woken = claim_all(&mut worker).await;
    assert_eq!(enter_all(&cell, &mut worker, &woken, 1).await.entered, [Entered::Waits]);
    write(&mut worker, &[&leaves(&first[0], 1, end(false))]).await;
    let passed = enter_all(&cell, &mut worker, &later, 1).await;
    assert_eq!(passed.entered, [Entered::Waits], "another was before it");
    assert_eq!(passed.admitted, [ExecutionId(first[1].execution_id)]);
}

#[tokio::test]
async fn one_that_a_signal_has_reached_waits_with_its_lease() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 2).await;
    enter_all(&cell, &mut worker, &claimed[..1], 1).await;
    cell.signal(claimed[1].execution_id).await;
    claim_all(&mut worker).await;
    assert_eq!(enter_all(&cell, &mut worker, &claimed[1..], 1).await.entered, [Entered::Woken]);
    write(&mut worker, &[&leaves(&claimed[1], 1, end(true))]).await;
    assert_eq!(cell.count("SELECT count(*) FROM gated").await, 0, "an end leaves the line, too");
}

#[tokio::test]
async fn a_fenced_worker_takes_no_slot_and_what_it_held_keeps_its_own() {
    let cell = Cell::new().await;
    let (mut lost, mut heir) = (cell.worker().await, cell.worker().await);
    let claimed = cell.leased_many(&mut lost, 2).await;
    enter_all(&cell, &mut lost, &claimed[..1], 5).await;
    assert_eq!(reap(&mut heir.0, lost.1, None).await.unwrap(), Some(2));
    let refused = [entering(&claimed[1], &[key("a")], Some(5))];
    let refused = enter(&mut lost.0, lost.1, cell.workspace, &refused).await;
    assert!(matches!(refused, Err(StoreError::Fenced)), "{refused:?}");
    assert_eq!(slots(&cell).await, 1);
    let mut claimed = claim_all(&mut heir).await;
    claimed.sort_by_key(|claimed| claimed.execution_id);
    assert_eq!(enter_all(&cell, &mut heir, &claimed, 1).await.entered, [Entered::In, Entered::Waits]);
}

#[tokio::test]
async fn workers_that_enter_at_the_same_time_are_never_over_the_limit() {
    let cell = Cell::new().await;
    let mut owner = cell.connect(Role::Owner).await;
    limits::set(&mut owner, cell.workspace, &Gate::workspace(), Some(7)).await.unwrap();
    let (mut tasks, workspace) = (JoinSet::new(), cell.workspace);
    for _ in 0..4 {
        let mut worker = cell.worker().await;
        let claimed = cell.leased_many(&mut worker, 10).await;
        tasks.spawn(async move {
            let mut entered = 0;
            for claimed in &claimed {
                let one = [entering(claimed, &[key("a"), Gate::workspace()], Some(20))];
                let passed = enter(&mut worker.0, worker.1, workspace, &one).await.unwrap();
                entered += usize::from(passed.entered == [Entered::In]);
            }
            entered
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 7);
    assert_eq!(cell.count("SELECT count(DISTINCT execution_id) FROM slots").await, 7);
    assert_eq!((slots(&cell).await, cell.count("SELECT count(*) FROM gated WHERE gate = 'workspace'").await), (14, 33));
}

#[tokio::test]
async fn a_sweep_takes_back_what_was_left_behind_and_lets_in_whom_no_hint_told_of_once_a_second() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 3).await;
    enter_all(&cell, &mut worker, &claimed, 1).await;
    cell.execute("UPDATE gate_sweeps SET swept_at = now() - interval '1 minute'").await;
    assert_eq!(sweep(&mut worker.0, None).await.unwrap().map(|swept| (swept.cleared, swept.admitted)), Some((0, 0)));
    // A lease goes, and its slot stays: as if a commit of another build had not known of slots.
    write(&mut worker, &[&step(&claimed[0], 1, PARK)]).await;
    cell.execute("UPDATE slots SET created_at = now() - interval '1 minute'").await;
    assert!(sweep(&mut worker.0, None).await.unwrap().is_none(), "it is nobody's turn yet");
    cell.execute("UPDATE gate_sweeps SET swept_at = now() - interval '1 minute'").await;
    assert_eq!(sweep(&mut worker.0, None).await.unwrap().map(|swept| (swept.cleared, swept.admitted)), Some((1, 1)));
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 1);
    // What was let in waits for a worker, which may take long.
    cell.execute("UPDATE slots SET created_at = now() - interval '1 minute'").await;
    cell.execute("UPDATE gate_sweeps SET swept_at = now() - interval '1 minute'").await;
    assert_eq!(sweep(&mut worker.0, None).await.unwrap().map(|swept| (swept.cleared, swept.admitted)), Some((0, 0)));
}

#[tokio::test]
async fn an_execution_waits_at_the_gate_that_is_full_and_is_let_in_by_all_of_its_gates_at_once() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let mut owner = cell.connect(Role::Owner).await;
    limits::set(&mut owner, cell.workspace, &Gate::workspace(), Some(2)).await.unwrap();
    let claimed = cell.leased_many(&mut worker, 4).await;
    let gates = |value: &str| [key(value), Gate::workspace()];
    let all: Vec<Entering> =
        claimed.iter().zip(["a", "b", "a", "c"]).map(|(one, value)| entering(one, &gates(value), Some(1))).collect();
    let passed = enter(&mut worker.0, worker.1, cell.workspace, &all).await.unwrap();
    assert_eq!(passed.entered, [Entered::In, Entered::In, Entered::Waits, Entered::Waits]);
    let waits = limits::wait(&mut owner, cell.workspace, all[3].execution_id).await.unwrap().unwrap();
    assert_eq!((waits.gate.as_str(), waits.slots_max, waits.held, waits.before), ("workspace", Some(2), 2, 0));
    let waits = limits::wait(&mut owner, cell.workspace, all[2].execution_id).await.unwrap().unwrap();
    assert_eq!((waits.slots_max, waits.held, waits.held_by), (Some(1), 1, vec![claimed[0].execution_id]));
    write(&mut worker, &[&leaves(&claimed[1], 1, end(false))]).await;
    let freed = HashSet::from(gates("b"));
    assert_eq!(admit(&mut worker.0, cell.workspace, freed).await.unwrap().admitted, [all[3].execution_id]);
    write(&mut worker, &[&leaves(&claimed[0], 1, end(false))]).await;
    let freed = HashSet::from(gates("a"));
    assert_eq!(admit(&mut worker.0, cell.workspace, freed).await.unwrap().admitted, [all[2].execution_id]);
}
