//! Starts under flow control. Time passes by moving rows into the past.

use std::collections::HashMap;

use capstan_engine::core::flow::{HoldWish, Meeting, Rate, RateWish, Wish};
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::claim::{NO_BOUND, claim};
use capstan_engine::store::connect::Role;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::flow::{FlowStarted, PENDING_MAX, Ruled, Verdict, drain, start_flow, tidy};
use capstan_engine::store::start::{Start, start};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::explain::Plans;
use super::support::{Cell, claim_all, new_start};

const NOTHING: Wish = Wish { rate: None, throttle: None, hold: None, priority: None };

fn rate(interval_us: i64, burst: u32) -> RateWish {
    RateWish { key: String::new(), interval_us, burst }
}

fn batch(size: u32) -> Wish {
    Wish { hold: Some(HoldWish::Batch { key: "k".into(), size, wait_ms: 60_000 }), ..NOTHING }
}

fn debounce() -> Wish {
    Wish { hold: Some(HoldWish::Debounce { key: "k".into(), period_ms: 60_000, wait_ms: 90_000 }), ..NOTHING }
}

fn singleton(mode: Meeting) -> Wish {
    Wish { hold: Some(HoldWish::Singleton { key: "k".into(), mode }), ..NOTHING }
}

impl Cell {
    fn ruled(&self, wish: &Wish, input: Value) -> Ruled {
        Ruled { start: Start { input, ..new_start(self.workspace) }, wish: wish.clone() }
    }

    async fn start_ruled(&self, starts: &[Ruled]) -> Vec<FlowStarted> {
        start_flow(&mut self.connect(Role::Starter).await, starts).await.unwrap().started
    }

    async fn start_one(&self, wish: &Wish, input: Value) -> FlowStarted {
        self.start_ruled(&[self.ruled(wish, input)]).await.remove(0)
    }

    async fn drained(&self) -> i32 {
        drain(&mut self.connect(Role::Worker).await).await.unwrap().begun
    }

    /// Lets time pass for what is pending.
    async fn pass(&self, seconds: u32) {
        let past = format!("- interval '{seconds} seconds'");
        self.execute(&format!("UPDATE pending_starts SET first_at = first_at {past}, due_at = due_at {past}")).await;
    }

    /// The inputs of all executions, in the order of their ids.
    async fn inputs(&self) -> Vec<Value> {
        let mut owner = self.connect(Role::Owner).await;
        let sql = "SELECT input FROM executions ORDER BY execution_id";
        sqlx::query_scalar(sql).fetch_all(&mut owner).await.unwrap()
    }

    async fn end(&self, id: ExecutionId) {
        let end = "UPDATE executions SET status = 'completed', ended_at = now() WHERE execution_id";
        self.execute(&format!("{end} = '{id}'")).await;
    }
}

fn verdicts(started: &[FlowStarted]) -> Vec<Verdict> {
    started.iter().map(|started| started.verdict).collect()
}

#[tokio::test]
async fn the_database_judges_rates_as_the_core_does() {
    let cell = Cell::new().await;
    let mut owner = cell.connect(Role::Owner).await;
    let sql = "SELECT (extract(epoch FROM start_at) * 1000000)::bigint, (extract(epoch FROM next_at) * 1000000)::bigint \
        FROM gcra_1('epoch'::timestamptz + $1 * interval '1 microsecond', \
                    'epoch'::timestamptz + $2 * interval '1 microsecond', $3, $4)";
    for (limit, per_ms, burst) in [(1, 1, 1), (7, 1_000, 3), (100, 60_000, 100), (3, 86_400_000, 2)] {
        let rate = Rate { limit, per_ms, burst, key: None };
        let (mut next, mut now) = (None, 1_700_000_000_000_000_i64);
        for n in 0..40_i64 {
            now += (n * 7_919) % 5 * rate.interval_us() / 3;
            let told = rate.admit(next, now);
            let (start_us, next_us): (i64, i64) = sqlx::query_as(sql)
                .bind(next)
                .bind(now)
                .bind(rate.interval_us())
                .bind(i64::from(burst))
                .fetch_one(&mut owner)
                .await
                .unwrap();
            assert_eq!((start_us, next_us), (told.start_us, told.next_us), "{rate:?} {next:?} {now}");
            next = Some(next_us);
        }
    }
}

#[tokio::test]
async fn beyond_the_rate_nothing_is_written_and_the_same_key_may_come_again() {
    let cell = Cell::new().await;
    let wish = Wish { rate: Some(rate(60_000_000, 2)), ..NOTHING };
    let keyed = |n: i32| {
        let mut ruled = cell.ruled(&wish, json!(n));
        ruled.start.idempotency_key = Some(format!("k{n}").into());
        ruled
    };
    let started = cell.start_ruled(&[keyed(1), keyed(2), keyed(3), keyed(3)]).await;
    assert_eq!(verdicts(&started), [Verdict::Started, Verdict::Started, Verdict::Limited, Verdict::Limited]);
    assert!(started[2].wait_ms.is_some_and(|ms| (1..=60_000).contains(&ms)), "{:?}", started[2]);
    assert_eq!(cell.count("SELECT count(*) FROM idempotency_keys").await, 2);
    // A repetition of one that was let in is no new start, also beyond the rate.
    let again = cell.start_ruled(&[keyed(1)]).await.remove(0);
    assert_eq!((again.verdict, again.replayed, again.execution_id), (Verdict::Started, true, started[0].execution_id));
    cell.execute("UPDATE flow_rates SET next_at = next_at - interval '60 seconds'").await;
    assert_eq!(verdicts(&cell.start_ruled(&[keyed(3)]).await), [Verdict::Started]);
    assert_eq!(cell.inputs().await, [1, 2, 3]);
    cell.execute("UPDATE flow_rates SET next_at = now() - interval '1 second'").await;
    assert_eq!(tidy(&mut cell.connect(Role::Worker).await).await.unwrap(), 1);
}

#[tokio::test]
async fn a_rate_lets_in_as_many_however_many_connections_ask_at_once() {
    let cell = Cell::new().await;
    let wish = Wish { rate: Some(rate(3_600_000_000, 5)), ..NOTHING };
    let mut posts = JoinSet::new();
    for n in 0..12 {
        let (mut connection, ruled) = (cell.connect(Role::Starter).await, cell.ruled(&wish, json!(n)));
        posts.spawn(async move { start_flow(&mut connection, &[ruled]).await.unwrap().started[0].verdict });
    }
    let started = posts.join_all().await.into_iter().filter(|verdict| *verdict == Verdict::Started).count();
    assert_eq!((started, cell.inputs().await.len()), (5, 5));
}

#[tokio::test]
async fn a_throttled_start_exists_has_a_timer_at_its_slot_and_no_token() {
    let cell = Cell::new().await;
    let wish = Wish { throttle: Some(rate(60_000_000, 1)), ..NOTHING };
    let starts: Vec<Ruled> = (0..3).map(|n| cell.ruled(&wish, json!(n))).collect();
    let started = cell.start_ruled(&starts).await;
    assert_eq!(verdicts(&started), [Verdict::Started, Verdict::Throttled, Verdict::Throttled]);
    let slots = cell.count("SELECT extract(epoch FROM max(due_at) - min(due_at))::bigint FROM timers").await;
    assert_eq!((slots, cell.inputs().await.len()), (60, 3));
    let mut worker = cell.worker().await;
    assert_eq!(claim_all(&mut worker).await.len(), 1);
    // One that would have to wait for more than a week is refused.
    cell.execute("UPDATE flow_rates SET next_at = next_at + interval '8 days'").await;
    assert_eq!(cell.start_one(&wish, json!(9)).await.verdict, Verdict::Late);
    assert_eq!(cell.inputs().await.len(), 3);
}

#[tokio::test]
async fn of_starts_that_come_close_together_the_last_input_wins_and_no_later_than_the_longest_wait() {
    let cell = Cell::new().await;
    let first = cell.start_one(&debounce(), json!("a")).await;
    assert_eq!((first.verdict, first.starts), (Verdict::Pending, Some(1)));
    cell.pass(50).await;
    let second = cell.start_one(&debounce(), json!("b")).await;
    assert_eq!((second.verdict, second.execution_id, second.starts), (Verdict::Joined, first.execution_id, Some(2)));
    // 50 s are over, and the longest wait is 90 s: not another period.
    assert!(second.wait_ms.is_some_and(|ms| (30_000..=40_000).contains(&ms)), "{second:?}");
    assert_eq!((cell.drained().await, cell.inputs().await.len()), (0, 0));
    cell.pass(40).await;
    // Due, but nobody has come by: what comes now is the first of the next.
    let third = cell.start_one(&debounce(), json!("c")).await;
    assert_eq!(third.verdict, Verdict::Pending);
    assert_ne!(third.execution_id, first.execution_id);
    assert_eq!(cell.inputs().await, ["b"]);
    cell.pass(60).await;
    assert_eq!((cell.drained().await, cell.drained().await), (1, 0));
    assert_eq!(cell.inputs().await, ["b", "c"]);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 2);
}

#[tokio::test]
async fn a_batch_begins_when_it_is_full_due_or_too_large_with_its_inputs_in_order() {
    let cell = Cell::new().await;
    let three: Vec<Ruled> = (1..=4).map(|n| cell.ruled(&batch(3), json!(n))).collect();
    let started = cell.start_ruled(&three).await;
    assert_eq!(verdicts(&started), [Verdict::Pending, Verdict::Joined, Verdict::Filled, Verdict::Pending]);
    assert_eq!(cell.inputs().await, [json!([1, 2, 3])]);
    cell.pass(60).await;
    assert_eq!(cell.drained().await, 1);
    assert_eq!(cell.inputs().await, [json!([1, 2, 3]), json!([4])]);
    let large = json!("x".repeat(700_000));
    let started = cell.start_ruled(&[cell.ruled(&batch(9), large.clone()), cell.ruled(&batch(9), large)]).await;
    assert_eq!(verdicts(&started), [Verdict::Pending, Verdict::Pending]);
    assert_eq!(cell.inputs().await.len(), 3);
    assert_eq!(cell.count("SELECT count(*) FROM pending_inputs").await, 1);
}

#[tokio::test]
async fn a_start_that_is_held_back_and_comes_twice_counts_once() {
    let cell = Cell::new().await;
    let mut ruled = cell.ruled(&batch(3), json!(1));
    ruled.start.idempotency_key = Some("k".to_owned().into());
    let first = cell.start_ruled(&[ruled.clone()]).await.remove(0);
    let mut again = ruled.clone();
    again.start.execution_id = ExecutionId::new();
    let repeated = cell.start_ruled(&[again.clone()]).await.remove(0);
    assert_eq!((repeated.verdict, repeated.replayed), (Verdict::Pending, true));
    assert_eq!(repeated.execution_id, first.execution_id);
    again.start.input = json!(2);
    assert_eq!(cell.start_ruled(&[again]).await[0].verdict, Verdict::Conflict);
    assert_eq!(cell.count("SELECT starts::bigint FROM pending_starts").await, 1);
}

#[tokio::test]
async fn a_singleton_skips_or_keeps_the_newest_until_the_one_at_work_has_ended() {
    let cell = Cell::new().await;
    let first = cell.start_one(&singleton(Meeting::Skip), json!(1)).await;
    let mut skipped = cell.ruled(&singleton(Meeting::Skip), json!(2));
    skipped.start.idempotency_key = Some("k".to_owned().into());
    for _ in 0..2 {
        let answer = cell.start_ruled(&[skipped.clone()]).await.remove(0);
        assert_eq!((answer.verdict, answer.execution_id), (Verdict::Skipped, first.execution_id));
        skipped.start.execution_id = ExecutionId::new();
    }
    let newest = singleton(Meeting::Newest);
    let held = cell.start_one(&newest, json!(3)).await;
    let newer = cell.start_one(&newest, json!(4)).await;
    assert_eq!((held.verdict, newer.verdict), (Verdict::Pending, Verdict::Joined));
    assert_eq!((cell.drained().await, cell.inputs().await), (0, vec![json!(1)]));
    cell.end(first.execution_id).await;
    cell.pass(1).await;
    // One that waits goes before one that comes.
    assert_eq!(cell.start_one(&newest, json!(5)).await.verdict, Verdict::Joined);
    assert_eq!((cell.drained().await, cell.inputs().await), (1, vec![json!(1), json!(5)]));
    assert_eq!(cell.start_one(&newest, json!(6)).await.verdict, Verdict::Pending);
    cell.execute("UPDATE executions SET status = 'completed', ended_at = now() WHERE ended_at IS NULL").await;
    assert_eq!(tidy(&mut cell.connect(Role::Worker).await).await.unwrap(), 1);
    cell.pass(1).await;
    assert_eq!(cell.drained().await, 1);
}

#[tokio::test]
async fn a_singleton_cancels_the_one_at_work_once_and_begins_after_its_end() {
    let cell = Cell::new().await;
    let cancel = singleton(Meeting::Cancel);
    let first = cell.start_one(&cancel, json!(1)).await;
    for n in 2..4 {
        cell.start_one(&cancel, json!(n)).await;
    }
    let signals =
        format!("SELECT count(*) FROM signals WHERE name = '$cancel' AND execution_id = '{}'", first.execution_id);
    assert_eq!((cell.count(&signals).await, cell.inputs().await.len()), (1, 1));
    cell.end(first.execution_id).await;
    cell.pass(1).await;
    assert_eq!((cell.drained().await, cell.inputs().await), (1, vec![json!(1), json!(3)]));
}

#[tokio::test]
async fn what_is_due_begins_once_however_many_workers_come_by_and_a_dead_one_has_begun_nothing() {
    let cell = Cell::new().await;
    for n in 0..5 {
        let wish = Wish {
            hold: Some(HoldWish::Debounce { key: format!("k{n}"), period_ms: 60_000, wait_ms: 60_000 }),
            ..NOTHING
        };
        cell.start_one(&wish, json!(n)).await;
    }
    cell.pass(60).await;
    let mut dies = cell.connect(Role::Worker).await;
    sqlx::raw_sql("BEGIN; SELECT drain_starts_1(2)").execute(&mut dies).await.unwrap();
    // It has two of them locked; the others begin, and then those, too.
    assert_eq!((cell.drained().await, cell.inputs().await.len()), (3, 3));
    sqlx::raw_sql("ROLLBACK").execute(&mut dies).await.unwrap();
    let mut drains = JoinSet::new();
    for _ in 0..4 {
        let mut worker = cell.connect(Role::Worker).await;
        drains.spawn(async move { drain(&mut worker).await.unwrap().begun });
    }
    assert_eq!(drains.join_all().await.iter().sum::<i32>(), 2);
    assert_eq!((cell.inputs().await.len(), cell.count("SELECT count(*) FROM queue").await), (5, 5));
}

#[tokio::test]
async fn a_workspace_has_a_bounded_number_of_executions_pending() {
    let cell = Cell::new().await;
    let fill = format!(
        "INSERT INTO pending_starts (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, rule, lane, key, \
           input, vt, first_at, due_at) \
         SELECT gen_random_uuid(), '{0}', '{0}', '{0}', 't', 'debounce', 't', n::text, '1', 0, now(), now() + interval '1 day' \
           FROM generate_series(1, {PENDING_MAX}) AS n",
        cell.workspace
    );
    cell.execute(&fill).await;
    assert_eq!(cell.start_one(&debounce(), json!(1)).await.verdict, Verdict::Full);
}

#[tokio::test]
async fn what_would_wait_for_a_month_without_tables_is_refused_and_holds_up_nothing() {
    let cell = Cell::new().await;
    let mut starter = cell.connect(Role::Starter).await;
    let mut lost = cell.ruled(&debounce(), json!("of a clock that is wrong"));
    lost.start.execution_id = ExecutionId(Uuid::from_u128(1 << 80));
    let batch = [cell.ruled(&debounce(), json!(1)), lost];
    let refused = start_flow(&mut starter, &batch).await.unwrap_err();
    assert!(matches!(refused, StoreError::NoMonth) && refused.is_month_missing(), "{refused:?}");
    assert_eq!(cell.count("SELECT count(*) FROM pending_starts").await, 0, "none of the batch is taken");
    assert_eq!(cell.start_one(&debounce(), json!(2)).await.verdict, Verdict::Pending);
    cell.pass(100).await;
    assert_eq!(cell.drained().await, 1);
}

/// Which workspaces a worker serves, one claim after the other, and the inputs it is given.
async fn served(cell: &Cell) -> Vec<(WorkspaceId, Value)> {
    let mut worker = cell.worker().await;
    let mut served = Vec::new();
    loop {
        let claimed = claim(&mut worker.0, worker.1, 1, NO_BOUND, false).await.unwrap();
        let Some(one) = claimed.into_iter().next() else { return served };
        served.push((WorkspaceId(one.workspace_id), serde_json::from_str(&one.input).unwrap()));
    }
}

/// Twenty starts of one workspace and five of another, each stamped as the shares say.
async fn rivals(priority: Option<i64>) -> (Vec<bool>, Vec<Value>) {
    let cell = Cell::new().await;
    let (rival, cost) = (WorkspaceId::new(), 1_000_000);
    let mut starter = cell.connect(Role::Starter).await;
    let mut stamps: HashMap<WorkspaceId, i64> = HashMap::new();
    for n in 0..20_i64 {
        let vt = stamps.entry(cell.workspace).and_modify(|vt| *vt += cost).or_insert(1);
        let mut ruled = cell.ruled(&Wish { priority: priority.map(|priority| priority * n), ..NOTHING }, json!(n));
        ruled.start.vt = *vt;
        start_flow(&mut starter, &[ruled]).await.unwrap();
        if n < 5 {
            let vt = stamps.entry(rival).and_modify(|vt| *vt += cost).or_insert(2);
            start(&mut starter, &[Start { vt: *vt, ..new_start(rival) }]).await.unwrap();
        }
    }
    let served = served(&cell).await;
    let own = served.iter().filter(|(workspace, _)| *workspace == cell.workspace).map(|(_, input)| input.clone());
    assert_eq!(cell.count("SELECT count(*) FROM prioritised").await, 0);
    (served.iter().map(|(workspace, _)| *workspace == rival).collect(), own.collect())
}

#[tokio::test]
async fn priorities_turn_the_order_of_a_workspace_round_and_give_it_no_more_than_its_share() {
    let (calm_turns, calm) = rivals(None).await;
    let (urgent_turns, urgent) = rivals(Some(1)).await;
    assert_eq!(calm_turns, urgent_turns, "another workspace is served at the same moments");
    assert_eq!(calm_turns.iter().filter(|is_rival| **is_rival).count(), 5);
    assert_eq!(calm, (0..20).map(Value::from).collect::<Vec<_>>());
    assert_eq!(urgent, (0..20).rev().map(Value::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_execution_with_a_priority_that_is_woken_early_takes_no_turn_from_another() {
    let cell = Cell::new().await;
    let wish = |priority| Wish { priority: Some(priority), ..NOTHING };
    let low = cell.start_one(&wish(1), json!("low")).await;
    cell.start_one(&wish(2), json!("high")).await;
    cell.signal(low.execution_id.0).await;
    let mut worker = cell.worker().await;
    let claimed = claim_all(&mut worker).await;
    assert_eq!(claimed.len(), 2, "{claimed:#?}");
    assert_eq!(cell.count("SELECT count(*) FROM prioritised").await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 0);
}

#[tokio::test]
async fn neither_starts_nor_turns_look_at_what_does_not_concern_them() {
    let cell = Cell::new().await;
    let many = "gen_random_uuid(), gen_random_uuid()";
    cell.execute(&format!(
        "INSERT INTO flow_rates SELECT {many}, 'throttle', n::text, now() + interval '1 day' FROM generate_series(1, 9000) n; \
         INSERT INTO singletons SELECT {many}, n::text, gen_random_uuid() FROM generate_series(1, 9000) n; \
         INSERT INTO prioritised SELECT '{0}', n % 100, gen_random_uuid() FROM generate_series(1, 9000) n; \
         INSERT INTO pending_starts (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, rule, lane, key, \
           input, vt, first_at, due_at) \
         SELECT gen_random_uuid(), {many}, gen_random_uuid(), 't', 'debounce', 't', n::text, '1', 0, now(), \
           now() + interval '1 day' FROM generate_series(1, 9000) n",
        cell.workspace
    ))
    .await;
    let (mut starter, mut worker) = (cell.connect(Role::Starter).await, cell.worker().await);
    let (of_starts, of_worker) = (Plans::of(&mut starter).await, Plans::of(&mut worker.0).await);
    let limited = Wish { rate: Some(rate(1, 9)), priority: Some(5), ..singleton(Meeting::Newest) };
    let starts = [cell.ruled(&limited, json!(1)), cell.ruled(&limited, json!(2)), cell.ruled(&debounce(), json!(3))];
    start_flow(&mut starter, &starts).await.unwrap();
    drain(&mut worker.0).await.unwrap();
    // The others have a lower priority.
    let claimed = claim(&mut worker.0, worker.1, 10, NO_BOUND, false).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.input.as_str()).collect::<Vec<_>>(), ["1"]);
    for plan in of_starts.take().iter().chain(&of_worker.take()) {
        plan.assert_no_seq_scan();
        for table in ["flow_rates", "singletons", "prioritised", "pending_starts"] {
            assert!(plan.rows_seen(table) <= 3, "{plan:#?}");
        }
    }
}
