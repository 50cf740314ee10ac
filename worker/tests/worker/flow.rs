//! Starts that flow control holds back, on a real worker.

use capstan_engine::core::flow::{HoldWish, Meeting, RateWish, Wish};
use capstan_engine::store::connect::Role;
use capstan_engine::store::flow::{FlowStarted, Ruled, Verdict, start_flow};
use serde_json::{Value, json};

use crate::support::{Cell, Version, graph, node};

const NOTHING: Wish = Wish { rate: None, throttle: None, hold: None, priority: None };

fn shows() -> Value {
    graph(vec![node("x", "data.set", json!({ "values": { "got": "{{ input }}" } }))], &[("start", "out", "x")])
}

fn waits() -> Value {
    graph(vec![node("go", "logic.wait_for_signal", json!({ "signal": "go" }))], &[("start", "out", "go")])
}

impl Cell {
    pub(crate) async fn start_ruled(&self, version: Version, wish: &Wish, inputs: &[i32]) -> Vec<FlowStarted> {
        let ruled = |n: &i32| Ruled { start: self.new_start(version, json!(n)), wish: wish.clone() };
        let mut starter = self.place.connect(Role::Starter).await.unwrap();
        let starts: Vec<Ruled> = inputs.iter().map(ruled).collect();
        start_flow(&mut starter, &starts).await.unwrap().started
    }

    pub(crate) async fn run(&self, sql: &str) {
        sqlx::raw_sql(sql).execute(&mut self.owner().await).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_begins_by_itself_once_it_is_due_and_ends_as_any_other() {
    let cell = Cell::new().await;
    let version = cell.publish(&shows()).await;
    let worker = cell.worker().await;
    let batch = Wish { hold: Some(HoldWish::Batch { key: String::new(), size: 9, wait_ms: 86_400_000 }), ..NOTHING };
    let throttle = RateWish { key: String::new(), interval_us: 86_400_000_000, burst: 1 };
    let throttle = Wish { throttle: Some(throttle), ..NOTHING };
    let batched = cell.start_ruled(version, &batch, &[1, 2]).await.remove(0);
    let throttled = cell.start_ruled(version, &throttle, &[3, 4]).await.remove(1);
    assert_eq!((batched.verdict, throttled.verdict), (Verdict::Pending, Verdict::Throttled));
    cell.run("UPDATE pending_starts SET due_at = now(); UPDATE timers SET due_at = now()").await;
    cell.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", 3).await;
    let row = cell.until(batched.execution_id, &["completed"]).await;
    assert_eq!((row.input, row.output), (json!([1, 2]), Some(json!({ "got": [1, 2] }))));
    assert_eq!(cell.until(throttled.execution_id, &["completed"]).await.input, 4);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_start_of_a_singleton_cancels_the_one_at_work_and_begins_when_that_has_ended() {
    let cell = Cell::new().await;
    let version = cell.publish(&waits()).await;
    let worker = cell.worker().await;
    let wish = Wish { hold: Some(HoldWish::Singleton { key: String::new(), mode: Meeting::Cancel }), ..NOTHING };
    let first = cell.start_ruled(version, &wish, &[1]).await.remove(0);
    cell.until(first.execution_id, &["waiting"]).await;
    let second = cell.start_ruled(version, &wish, &[2]).await.remove(0);
    assert_eq!(second.verdict, Verdict::Pending);
    cell.until(first.execution_id, &["cancelled"]).await;
    cell.until_count("SELECT count(*) FROM pending_starts", 0).await;
    cell.until(second.execution_id, &["waiting"]).await;
    cell.signal(second.execution_id, "go", json!(1)).await;
    assert_eq!(cell.until(second.execution_id, &["completed"]).await.input, 2);
    worker.drain().await;
    cell.assert_clean().await;
}
