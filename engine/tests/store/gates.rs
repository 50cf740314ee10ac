//! Gates in the database: slots are taken all at once, given back with the lease, and never more than the limits say.

use std::collections::HashSet;

use capstan_engine::core::gate::Gate;
use capstan_engine::core::ids::{ExecutionId, WorkflowId};
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::commit::{Commit, Reply, Then, commit};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::gates::{Entered, Entering, Passed, admit, enter, sweep};
use capstan_engine::store::limits;
use capstan_engine::store::workers::reap;
use sqlx::PgConnection;
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
    }
}

/// Has them enter by one key, of which `most` may be at work.
async fn enter_all(cell: &Cell, worker: &mut Worker, claimed: &[Claimed], most: u32) -> Passed {
    let all: Vec<Entering> = claimed.iter().map(|claimed| entering(claimed, &[key("a")], Some(most))).collect();
    enter(&mut worker.0, worker.1, cell.workspace, &all).await.unwrap()
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
