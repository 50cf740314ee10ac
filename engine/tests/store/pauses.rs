use capstan_engine::core::flow::{RateWish, Wish};
use capstan_engine::core::ids::{ExecutionId, WorkflowId, WorkspaceId};
use capstan_engine::store::children::{Family, Hold};
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::commit::{Commit, Reply, Then, commit};
use capstan_engine::store::connect::Role;
use capstan_engine::store::flow::{Ruled, Verdict, start_flow};
use capstan_engine::store::pauses::{Walk, all, apart, list, pause, release, resume};
use capstan_engine::store::start::Start;
use capstan_engine::store::workers::reap;
use chrono::TimeDelta;
use sqlx::PgConnection;
use uuid::Uuid;

use super::support::{Cell, PARK, claim_all, end, new_start, run, step, write};

const HELD: &str = "SELECT count(*) FROM held";
const TOKENS: &str = "SELECT count(*) FROM queue";
const NIL: WorkflowId = WorkflowId(Uuid::nil());

/// A commit that parks an execution of a workflow that is paused.
fn held(claimed: &Claimed, workflow_id: WorkflowId) -> Commit {
    held_by(claimed, workflow_id, None)
}

/// The same of one that a throttle let in.
fn held_by(claimed: &Claimed, workflow_id: WorkflowId, throttle: Option<&RateWish>) -> Commit {
    let hold =
        Hold { workflow_id, losses: claimed.losses, throttle: throttle.cloned(), unbegun: claimed.begins_here() };
    let family = Family { hold: Some(hold), ..Family::default() };
    Commit { rows: Vec::new(), family, ..step(claimed, 1, PARK) }
}

async fn api(cell: &Cell, workspace: WorkspaceId) -> PgConnection {
    let mut api = cell.connect(Role::Api).await;
    run(&mut api, &format!("SET app.workspace_id = '{workspace}'")).await;
    api
}

/// Goes through all that is held up; answers how many got tokens.
async fn walk(worker: &mut PgConnection) -> i64 {
    let (mut walk, mut released) = (Walk::default(), 0);
    loop {
        walk = release(worker, walk).await.unwrap();
        released += walk.released;
        if walk.is_over() {
            return released;
        }
    }
}

#[tokio::test]
async fn what_is_held_up_has_neither_lease_nor_token_until_nothing_pauses_it() {
    let cell = Cell::new().await;
    let (mut worker, mut api) = (cell.worker().await, api(&cell, cell.workspace).await);
    let [one, other] = [WorkflowId::new(), WorkflowId::new()];
    let claimed = cell.leased_many(&mut worker, 3).await;
    pause(&mut api, cell.workspace, Some(one), "ops", None).await.unwrap();
    pause(&mut api, cell.workspace, None, "ops", Some("maintenance")).await.unwrap();
    write(&mut worker, &[&held(&claimed[0], one), &held(&claimed[1], one), &held(&claimed[2], other)]).await;
    assert_eq!((cell.count(HELD).await, cell.count("SELECT count(*) FROM leases").await), (3, 0));
    assert_eq!(walk(&mut worker.0).await, 0, "the workspace is paused");
    assert!(resume(&mut api, cell.workspace, None).await.unwrap());
    assert_eq!(walk(&mut worker.0).await, 1, "one workflow is paused by itself, too");
    assert_eq!(claim_all(&mut worker).await[0].execution_id, claimed[2].execution_id);
    assert!(resume(&mut api, cell.workspace, Some(one)).await.unwrap());
    assert!(!resume(&mut api, cell.workspace, Some(one)).await.unwrap(), "it goes on already");
    assert_eq!((walk(&mut worker.0).await, cell.count(HELD).await), (2, 0));
    assert_eq!(claim_all(&mut worker).await.len(), 2);
}

#[tokio::test]
async fn each_change_of_what_is_paused_counts_once_it_is_committed() {
    let cell = Cell::new().await;
    let (mut worker, mut api) = (cell.worker().await, api(&cell, cell.workspace).await);
    let mut no = all(&mut worker.0).await.unwrap().no;
    // Whoever makes it: a process of the release before, too.
    let by_hand = format!(
        "INSERT INTO pauses (workspace_id, workflow_id, paused_by) VALUES ('{}', gen_random_uuid(), 'me')",
        cell.workspace
    );
    for change in [by_hand.as_str(), "DELETE FROM pauses", "SELECT set_standing_1(1, 'archived', 'gone', NULL, '{}')"] {
        run(&mut api, "BEGIN").await;
        run(&mut api, change).await;
        assert_eq!(all(&mut worker.0).await.unwrap().no, no, "{change}");
        run(&mut api, "COMMIT").await;
        let after = all(&mut worker.0).await.unwrap().no;
        assert!(after > no, "{change}");
        no = after;
    }
    // So one workspace that is archived for ever is read once.
    let known = all(&mut worker.0).await.unwrap();
    assert_eq!((known.no, known.pauses.len()), (no, 1));
}

#[tokio::test]
async fn a_workspace_that_is_not_active_is_held_up_whatever_its_people_resume() {
    let cell = Cell::new().await;
    let (mut worker, mut api) = (cell.worker().await, api(&cell, cell.workspace).await);
    let workflow = WorkflowId::new();
    let claimed = cell.leased_many(&mut worker, 2).await;
    write(&mut worker, &[&held(&claimed[0], workflow), &held(&claimed[1], workflow)]).await;
    pause(&mut api, cell.workspace, Some(workflow), "ops", None).await.unwrap();
    run(&mut api, "SELECT set_standing_1(1, 'suspended', 'unpaid', NULL, '{}')").await;
    assert!(all(&mut worker.0).await.unwrap().pauses.contains(&(cell.workspace, None)));
    assert!(resume(&mut api, cell.workspace, Some(workflow)).await.unwrap());
    assert_eq!(walk(&mut worker.0).await, 0, "the workspace is suspended");
    run(&mut api, "SELECT set_standing_1(2, 'active', NULL, NULL, '{}')").await;
    assert!(all(&mut worker.0).await.unwrap().pauses.is_empty());
    assert_eq!((walk(&mut worker.0).await, cell.count(HELD).await), (2, 0));
    // It cannot be set for another workspace, nor by hand.
    run(&mut api, &format!("SET app.workspace_id = '{}'", WorkspaceId::new())).await;
    run(&mut api, "SELECT set_standing_1(1, 'suspended', 'unpaid', NULL, '{}')").await;
    assert!(!all(&mut worker.0).await.unwrap().pauses.contains(&(cell.workspace, None)));
    let by_hand = sqlx::query("UPDATE standings SET state = 'active'").execute(&mut api).await.unwrap_err();
    assert!(by_hand.to_string().contains("permission denied"), "{by_hand}");
}

#[tokio::test]
async fn what_a_throttle_let_in_and_a_pause_held_up_goes_by_the_throttle_when_it_ends() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let workflow = WorkflowId::new();
    let day = |key: &str, burst: u32| RateWish { key: key.into(), interval_us: 86_400_000_000, burst };
    let (one, other) = (day("", 1), day("gold", 2));
    let mut claimed = cell.leased_many(&mut worker, 7).await;
    claimed.sort_by_key(|claimed| claimed.execution_id);
    let throttles = [Some(&one), Some(&one), None, Some(&one), Some(&other), Some(&other), Some(&other)];
    let holds = claimed.iter().zip(throttles).map(|(claimed, throttle)| held_by(claimed, workflow, throttle));
    let holds: Vec<Commit> = holds.collect();
    write(&mut worker, &holds.iter().collect::<Vec<_>>()).await;
    assert_eq!((cell.count(HELD).await, walk(&mut worker.0).await, cell.count(HELD).await), (7, 7, 0));
    // One a day of each key, and two at once of the other; what has begun goes by none.
    let mut at_once: Vec<Uuid> = claim_all(&mut worker).await.iter().map(|claimed| claimed.execution_id).collect();
    at_once.sort_unstable();
    let mut expected: Vec<Uuid> = [0, 2, 4, 5].map(|n: usize| claimed[n].execution_id).to_vec();
    expected.sort_unstable();
    assert_eq!(at_once, expected);
    let days = "SELECT count(*) FROM timers WHERE due_at > now() + interval '23 hours' * $days \
                  AND due_at < now() + interval '25 hours' * $days";
    assert_eq!(cell.count(&days.replace("$days", "1")).await, 2);
    assert_eq!(cell.count(&days.replace("$days", "2")).await, 1);
    // Who comes now stands behind them.
    let wish = Wish { rate: None, throttle: Some(one), hold: None, priority: None };
    let start = Start { workflow_id: workflow, ..new_start(cell.workspace) };
    let mut starter = cell.connect(Role::Starter).await;
    let started = start_flow(&mut starter, &[Ruled { start, wish }]).await.unwrap().started.remove(0);
    assert_eq!(started.verdict, Verdict::Throttled);
    assert!(started.wait_ms.unwrap() > 2 * 86_400_000, "{started:?}");
}

#[tokio::test]
async fn what_has_ended_or_begun_behind_a_pause_takes_no_slot_of_its_throttle() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let workflow = WorkflowId::new();
    let daily = RateWish { key: String::new(), interval_us: 86_400_000_000, burst: 1 };
    let mut claimed = cell.leased_many(&mut worker, 4).await;
    claimed.sort_by_key(|claimed| claimed.execution_id);
    let holds: Vec<Commit> = claimed.iter().map(|claimed| held_by(claimed, workflow, Some(&daily))).collect();
    write(&mut worker, &holds.iter().collect::<Vec<_>>()).await;
    // Meanwhile the first three are woken: one ends, one takes a step and parks for a minute, one is still at work.
    cell.execute(
        "INSERT INTO queue (vt, execution_id, workspace_id, fresh) \
         SELECT f.vt, h.execution_id, h.workspace_id, false FROM queue_front f, held h ORDER BY h.execution_id LIMIT 3",
    )
    .await;
    let mut again = claim_all(&mut worker).await;
    again.sort_by_key(|claimed| claimed.execution_id);
    let soon = Then::Park { due_at: Some(again[1].claimed_at + TimeDelta::minutes(1)) };
    write(&mut worker, &[&step(&again[0], 1, end(true)), &step(&again[1], 1, soon)]).await;
    assert_eq!(cell.count(HELD).await, 4, "nobody has looked at them since");

    assert_eq!((walk(&mut worker.0).await, cell.count(HELD).await), (4, 0));
    let id = |n: usize| claimed[n].execution_id;
    let mut owner = cell.connect(Role::Owner).await;
    let tokens = sqlx::query_scalar("SELECT execution_id FROM queue ORDER BY execution_id");
    let tokens: Vec<Uuid> = tokens.fetch_all(&mut owner).await.unwrap();
    assert_eq!(tokens, [id(1), id(2), id(3)], "what has begun goes on, and the first slot is for who has not");
    let near: Vec<(Uuid, bool)> = sqlx::query_as("SELECT execution_id, due_at < now() + interval '1 hour' FROM timers")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert_eq!(near, [(id(1), true)], "its own time stays");
}

#[tokio::test]
async fn a_resume_gives_tokens_in_bites_that_take_turns_with_those_of_other_workspaces() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    cell.execute(&format!(
        "INSERT INTO held (workspace_id, workflow_id, execution_id) \
         SELECT '{}', '{}', gen_random_uuid() FROM generate_series(1, 1201)",
        cell.workspace,
        WorkflowId::new()
    ))
    .await;
    let first = release(&mut worker.0, Walk::default()).await.unwrap();
    assert_eq!((first.released, cell.count(TOKENS).await, first.is_over()), (500, 500, false));
    // Somebody else is at it: no two give tokens for the same rows, and nobody waits.
    let (mut busy, mut other) = (cell.connect(Role::Owner).await, cell.worker().await);
    run(&mut busy, "BEGIN; SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#held'), 0)").await;
    assert_eq!(walk(&mut other.0).await, 0);
    run(&mut busy, "ROLLBACK").await;
    let mut next = release(&mut worker.0, first).await.unwrap();
    while !next.is_over() {
        next = release(&mut worker.0, next).await.unwrap();
    }
    assert_eq!((cell.count(TOKENS).await, cell.count(HELD).await), (1_201, 0));
    let steps = "SELECT count(DISTINCT vt) FROM queue";
    assert_eq!(cell.count(steps).await, 1_201, "each has a place of its own in line");
    cell.start_all(&[new_start(WorkspaceId::new())]).await;
    let before = "SELECT count(*) FROM queue WHERE vt <= (SELECT vt FROM queue WHERE fresh)";
    assert_eq!(cell.count(before).await, 1, "who comes later waits for none of them");
}

#[tokio::test]
async fn nobody_of_another_workspace_stands_behind_all_that_one_resumes() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    // Lines are walked through in this order.
    let (first, last) = (Uuid::from_u128(1), Uuid::from_u128(2));
    cell.execute(&format!(
        "INSERT INTO held (workspace_id, workflow_id, execution_id) \
         SELECT '{first}'::uuid, '{first}'::uuid, gen_random_uuid() FROM generate_series(1, 700) \
         UNION ALL SELECT '{last}'::uuid, '{last}'::uuid, gen_random_uuid()"
    ))
    .await;
    assert_eq!(walk(&mut worker.0).await, 701);
    let before = format!("SELECT count(*) FROM queue WHERE vt < (SELECT vt FROM queue WHERE workspace_id = '{last}')");
    assert_eq!(cell.count(&before).await, 0, "it has its turn with the first of the other");
}

#[tokio::test]
async fn a_signal_that_came_before_the_park_is_heard_and_a_worker_lost_before_it_holds_nothing_up() {
    let cell = Cell::new().await;
    let (mut lost, mut worker) = (cell.worker().await, cell.worker().await);
    let claimed = cell.leased(&mut lost).await;
    cell.signal(claimed.execution_id).await;
    claim_all(&mut worker).await;
    let parked = commit(&mut lost.0, lost.1, &[&held(&claimed, NIL)]).await.unwrap();
    assert_eq!(parked, Reply::Written(vec![ExecutionId(claimed.execution_id)]), "woken, and still held");
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 1);
    // It dies there: what says that it is held up does no harm, and the token is there.
    reap(&mut worker.0, lost.1, None).await.unwrap();
    let again = claim_all(&mut worker).await.remove(0);
    assert_eq!((again.execution_id, again.losses), (claimed.execution_id, 1));
    write(&mut worker, &[&held(&again, NIL)]).await;
    assert_eq!((cell.count(HELD).await, cell.count(TOKENS).await), (1, 0));
    assert_eq!(walk(&mut worker.0).await, 1);
    assert_eq!(claim_all(&mut worker).await.len(), 1);
}

#[tokio::test]
async fn losses_go_on_after_a_pause_and_who_waits_to_run_alone_is_told() {
    let cell = Cell::new().await;
    let (mut worker, mut own) = (cell.worker().await, api(&cell, cell.workspace).await);
    let claimed = cell.leased(&mut worker).await;
    write(&mut worker, &[&held(&Claimed { losses: 2, ..claimed.clone() }, NIL)]).await;
    assert_eq!(apart(&mut own, ExecutionId(claimed.execution_id)).await.unwrap(), None);
    assert_eq!(walk(&mut worker.0).await, 1);
    assert_eq!(apart(&mut own, ExecutionId(claimed.execution_id)).await.unwrap(), Some(2));
    let mut stranger = api(&cell, WorkspaceId::new()).await;
    assert_eq!(apart(&mut stranger, ExecutionId(claimed.execution_id)).await.unwrap(), None);
    assert!(claim_all(&mut worker).await.is_empty(), "only who takes it alone gets it");
}

#[tokio::test]
async fn the_first_pause_stays_and_only_its_workspace_sees_it() {
    let cell = Cell::new().await;
    let (mut own, mut stranger) = (api(&cell, cell.workspace).await, api(&cell, WorkspaceId::new()).await);
    let workflow = Some(WorkflowId::new());
    pause(&mut own, cell.workspace, workflow, "ops", Some("first")).await.unwrap();
    let again = pause(&mut own, cell.workspace, workflow, "dev", Some("second")).await.unwrap();
    assert_eq!((again.paused_by.as_str(), again.reason.as_deref()), ("ops", Some("first")));
    let all = WorkflowId(Uuid::max());
    assert_eq!(list(&mut own, cell.workspace, all, 10).await.unwrap().len(), 1);
    assert!(list(&mut stranger, cell.workspace, all, 10).await.unwrap().is_empty());
    assert!(!resume(&mut stranger, cell.workspace, workflow).await.unwrap());
}
