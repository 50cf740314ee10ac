use capstan_engine::core::child::{Child, NewChild, OnCancel};
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId, WorkflowId};
use capstan_engine::store::children::{Birth, Family, list, parents};
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::commit::{Commit, Reply, Then, already_written, commit};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::signals::pending;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Cell, PARK, claim_all, end, step, write};

const CHILDREN: &str = "SELECT count(*) FROM children c JOIN executions e ON e.execution_id = c.child_id";
const SIGNALS: &str = "SELECT count(*) FROM signals";
const TOKENS: &str = "SELECT count(*) FROM queue";

pub(super) fn birth(parent: &Claimed, node: &str, signal: Option<&str>) -> Birth {
    let (workflow_id, version_id) = (WorkflowId(Uuid::nil()), VersionId(Uuid::nil()));
    let execution_id = ExecutionId::new().of_child();
    let new = NewChild {
        child: Child { execution_id, workflow_id, version_id, on_cancel: OnCancel::Cancel },
        trigger: NodeId::from("start"),
        input: Value::Null,
        timeout_ms: Some(60_000),
        root_id: ExecutionId(parent.execution_id),
        depth: 1,
        vt: 0,
    };
    Birth {
        step: StepKey::root(NodeId::from(node)),
        round: 0,
        signal: signal.map(Into::into),
        new,
        trace: parent.trace(),
    }
}

/// A commit that starts a child, and then does something with the lease.
pub(super) fn starts(parent: &Claimed, birth: &Birth, then: Then) -> Commit {
    Commit { family: Family { starts: vec![birth.clone()], ..Family::default() }, ..step(parent, 1, then) }
}

pub(super) fn cancels(parent: &Claimed, child: ExecutionId, position: u32) -> Commit {
    let family = Family { cancels: vec![(child, json!({ "reason": "enough" }))], ..Family::default() };
    Commit { family, ..step(parent, position, Then::Hold) }
}

/// A parent that has started a child and parked, or not, and the child, claimed.
async fn family(cell: &Cell, worker: &mut (sqlx::PgConnection, i32), then: Then) -> (Claimed, Claimed) {
    let parent = cell.leased(worker).await;
    write(worker, &[&starts(&parent, &birth(&parent, "call", Some("$child:call")), then)]).await;
    let child = claim_all(worker).await.remove(0);
    assert!(child.fresh && ExecutionId(child.execution_id).is_child(), "{child:?}");
    (parent, child)
}

#[tokio::test]
async fn a_child_starts_with_the_commit_that_tells_of_it_and_is_claimed_as_any_other() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let (parent, child) = family(&cell, &mut worker, PARK).await;
    assert_eq!((child.input.as_str(), child.workspace_id), ("null", parent.workspace_id));
    assert!(child.deadline_at.is_some_and(|at| at > child.begun_at));
    let mut owner = cell.connect(capstan_engine::store::connect::Role::Owner).await;
    let found = parents(&mut owner, cell.workspace, [parent.execution_id, child.execution_id]).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&child.execution_id]);
    let above = &found[&child.execution_id];
    assert_eq!((above.execution_id, above.node_id.as_str(), above.depth), (parent.execution_id, "call", 1));
    let before = ExecutionId(Uuid::max());
    let below = list(&mut owner, cell.workspace, ExecutionId(parent.execution_id), before, 10).await.unwrap();
    assert_eq!(below.iter().map(|row| row.execution_id).collect::<Vec<_>>(), [child.execution_id]);
}

#[tokio::test]
async fn a_repeated_commit_starts_no_second_child() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let parent = cell.leased(&mut worker).await;
    let this = starts(&parent, &birth(&parent, "call", None), Then::Hold);
    write(&mut worker, &[&this]).await;
    // As after a lost answer: what is there is found, and the rest does not start anything.
    assert_eq!(already_written(&mut worker.0, &[&this]).await.unwrap(), [this.execution_id]);
    write(&mut worker, &[&this.without_rows()]).await;
    // Not even another child of the same step, under whatever id, is possible.
    let other = Commit { position: 2, ..starts(&parent, &birth(&parent, "call", None), Then::Hold) };
    for again in [&this, &other] {
        let refused = commit(&mut worker.0, worker.1, &[again]).await;
        assert!(matches!(refused, Err(StoreError::Data(_))), "{refused:?}");
    }
    assert_eq!((cell.count(CHILDREN).await, cell.count(TOKENS).await), (1, 1));
}

#[tokio::test]
async fn nobody_starts_a_child_without_the_lease_of_its_parent() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let parent = cell.leased(&mut worker).await;
    let beside = cell.leased(&mut worker).await;
    let stale = Claimed { lease_no: parent.lease_no + 1_000, ..parent.clone() };
    let group = [&starts(&stale, &birth(&parent, "call", None), Then::Hold), &step(&beside, 1, Then::Hold)];
    let reply = commit(&mut worker.0, worker.1, &group).await.unwrap();
    assert_eq!(reply, Reply::Lost(vec![ExecutionId(parent.execution_id)]));
    assert_eq!((cell.count(CHILDREN).await, cell.count(TOKENS).await), (0, 0));
}

#[tokio::test]
async fn the_end_of_a_child_wakes_a_parked_parent_once() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let (parent, child) = family(&cell, &mut worker, PARK).await;
    write(&mut worker, &[&step(&child, 1, end(false))]).await;
    assert_eq!((cell.count(SIGNALS).await, cell.count(TOKENS).await), (1, 1));
    // The same again, as after a lost answer: its lease is gone, so nothing is written.
    let again = commit(&mut worker.0, worker.1, &[&step(&child, 1, end(false))]).await.unwrap();
    assert_eq!(again, Reply::Lost(vec![ExecutionId(child.execution_id)]));
    assert_eq!((cell.count(SIGNALS).await, cell.count(TOKENS).await), (1, 1));
    let woken = claim_all(&mut worker).await.remove(0);
    assert_eq!(woken.execution_id, parent.execution_id);
    let waiting = pending(&mut worker.0, ExecutionId(parent.execution_id)).await.unwrap().remove(0);
    let told = json!({ "execution_id": child.execution_id, "status": "completed", "output": "done", "error": null,
        "left_out": false });
    assert_eq!((waiting.name.as_str(), waiting.payload), ("$child:call", told));
}

#[tokio::test]
async fn a_parent_that_is_about_to_park_hears_of_the_end_of_its_child() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let (parent, child) = family(&cell, &mut worker, Then::Hold).await;
    write(&mut worker, &[&step(&child, 1, end(false))]).await;
    // The token meets the lease and marks it.
    assert_eq!(claim_all(&mut worker).await[0].held_by, Some(worker.1));
    let parked = commit(&mut worker.0, worker.1, &[&step(&parent, 2, PARK)]).await.unwrap();
    assert_eq!(parked, Reply::Written(vec![ExecutionId(parent.execution_id)]), "the park is refused");
    assert_eq!(pending(&mut worker.0, ExecutionId(parent.execution_id)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_end_and_a_park_in_one_group_leave_the_parent_woken() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let (parent, child) = family(&cell, &mut worker, Then::Hold).await;
    write(&mut worker, &[&step(&parent, 2, PARK), &step(&child, 1, end(false))]).await;
    assert_eq!(claim_all(&mut worker).await[0].execution_id, parent.execution_id);
    assert_eq!(cell.count(SIGNALS).await, 1);
}

#[tokio::test]
async fn a_parent_that_has_ended_hears_nothing_and_neither_does_a_child() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    for together in [false, true] {
        let (parent, child) = family(&cell, &mut worker, Then::Hold).await;
        let (first, second) = (step(&parent, 2, end(false)), step(&child, 1, end(false)));
        if together {
            write(&mut worker, &[&first, &second]).await;
        } else {
            write(&mut worker, &[&first]).await;
            write(&mut worker, &[&second]).await;
        }
        assert_eq!((cell.count(SIGNALS).await, cell.count(TOKENS).await), (0, 0));
        let other = cell.leased(&mut worker).await;
        write(&mut worker, &[&cancels(&other, ExecutionId(child.execution_id), 1)]).await;
        assert_eq!((cell.count(SIGNALS).await, cell.count(TOKENS).await), (0, 0));
    }
}

#[tokio::test]
async fn a_parent_that_does_not_wait_hears_nothing_and_an_incident_of_a_child_is_no_end() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let parent = cell.leased(&mut worker).await;
    write(&mut worker, &[&starts(&parent, &birth(&parent, "detached", None), Then::Hold)]).await;
    let detached = claim_all(&mut worker).await.remove(0);
    let (_, awaited) = family(&cell, &mut worker, PARK).await;
    let incident = Then::End { status: "incident", output: None, error: None, leftovers: false };
    write(&mut worker, &[&step(&detached, 1, end(false)), &step(&awaited, 1, incident)]).await;
    assert_eq!((cell.count(SIGNALS).await, cell.count(TOKENS).await), (0, 0));
}

#[tokio::test]
async fn a_cancel_reaches_a_child_also_if_it_starts_with_the_same_commit() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let parent = cell.leased(&mut worker).await;
    let birth = birth(&parent, "call", Some("$child:call"));
    let child = birth.new.child.execution_id;
    let mut both = starts(&parent, &birth, end(false));
    both.family.cancels = cancels(&parent, child, 1).family.cancels;
    write(&mut worker, &[&both]).await;
    assert_eq!(claim_all(&mut worker).await[0].execution_id, child.0);
    assert_eq!(pending(&mut worker.0, child).await.unwrap()[0].name, "$cancel");
}

#[tokio::test]
async fn a_large_output_is_left_out_of_the_signal() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let (parent, child) = family(&cell, &mut worker, PARK).await;
    let output = Some(json!("x".repeat(70_000)).to_string());
    let large = Then::End { status: "completed", output, error: None, leftovers: false };
    write(&mut worker, &[&step(&child, 1, large)]).await;
    let payload = pending(&mut worker.0, ExecutionId(parent.execution_id)).await.unwrap().remove(0).payload;
    assert_eq!((&payload["output"], &payload["left_out"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn a_step_has_one_child_in_each_round() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let parent = cell.leased(&mut worker).await;
    let of = |round: u32| Birth { round, ..birth(&parent, "call", None) };
    let next = |position: u32, birth: &Birth| Commit { position, ..starts(&parent, birth, Then::Hold) };
    write(&mut worker, &[&next(1, &of(0))]).await;
    write(&mut worker, &[&next(2, &of(1))]).await;
    let refused = commit(&mut worker.0, worker.1, &[&next(3, &of(1))]).await;
    assert!(matches!(refused, Err(StoreError::Data(_))), "{refused:?}");
    assert_eq!(cell.count(CHILDREN).await, 2);
}

#[tokio::test]
async fn the_depth_of_events_goes_down_with_a_call_and_up_with_an_end_that_is_waited_for() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let takes = async |execution: &Claimed, depth: i32| {
        let (id, workspace) = (execution.execution_id, execution.workspace_id);
        cell.execute(&format!(
            "INSERT INTO event_waits (workspace_id, wait_id, execution_id, node_id, type, key, since_at, status, event, \
               depth, closed_at) \
             VALUES ('{workspace}', gen_random_uuid(), '{id}', 'e', 't', '', now(), 'matched', '1', {depth}, now())"
        ))
        .await;
    };
    for (signal, after) in [(Some("$child:call"), 8), (None, 3)] {
        let parent = cell.leased(&mut worker).await;
        let depth = async |execution: &Claimed| {
            let (id, workspace) = (execution.execution_id, execution.workspace_id);
            cell.count(&format!("SELECT event_depth_1('{workspace}', '{id}')::bigint")).await
        };
        assert_eq!(depth(&parent).await, 0);
        takes(&parent, 2).await;
        write(&mut worker, &[&starts(&parent, &birth(&parent, "call", signal), Then::Hold)]).await;
        let child = claim_all(&mut worker).await.remove(0);
        assert_eq!(depth(&child).await, 3);
        takes(&child, 7).await;
        assert_eq!((depth(&child).await, depth(&parent).await), (8, 3));
        write(&mut worker, &[&step(&child, 1, end(false))]).await;
        assert_eq!(depth(&parent).await, after);
        cell.execute("DELETE FROM queue").await;
    }
}
