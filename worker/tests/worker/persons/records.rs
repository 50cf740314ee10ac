//! Records, and what was done to them.

use std::collections::BTreeSet;

use capstan_domain::persons::{self, Kind};
use serde_json::{Value, json};
use sqlx::Connection;

use super::{as_worker, parts};
use crate::support::Cell;

/// Rows of `record_history` and `records` are called by their last digits.
const ID: &str = "00000000-0000-7000-8000-00000000000";

impl Cell {
    async fn record(&self, no: u8, data: Value) {
        let w = self.workspace_id;
        self.run(&format!(
            "INSERT INTO records (workspace_id, record_id, type, state, data) VALUES \
               ('{w}', '{ID}{no}', 'pursuit', 'qualified', '{data}')"
        ))
        .await;
    }

    async fn moved(&self, no: u8, entry: u8, reason: &str) {
        let w = self.workspace_id;
        self.run(&format!(
            "INSERT INTO record_history (workspace_id, record_id, entry_id, kind, from_state, to_state, reason, by_kind, by_name) \
             VALUES ('{w}', '{ID}{no}', '{ID}{entry}', 'transitioned', 'lead', 'qualified', '{reason}', 'user', 'boss')"
        ))
        .await;
    }

    /// Data and revision of each record.
    async fn records(&self) -> Vec<Value> {
        self.column("SELECT jsonb_build_array(data, revision, state) FROM records ORDER BY record_id").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_told_and_erased_with_why_they_were_moved() {
    let cell = Cell::new().await;
    let jo = json!({ "email": "joann@example.org" });
    cell.record(1, json!({ "email": "ANN@example.org", "name": "Ann", "sum": 7, "vip": true })).await;
    cell.record(2, json!({ "title": "Roof", "contacts": [{ "email": "ann@example.org", "name": "Ann" }, jo] })).await;
    cell.record(3, jo.clone()).await;
    cell.moved(1, 1, "she called").await;
    cell.moved(2, 2, "ann@example.org said so").await;
    cell.moved(2, 3, "the roof leaks").await;
    cell.run(&format!(
        "INSERT INTO record_history (workspace_id, record_id, entry_id, kind, fields, by_kind, by_name) \
         VALUES ('{}', '{ID}3', '{ID}4', 'updated', '{{ann@example.org,sum}}', 'user', 'boss')",
        cell.workspace_id
    ))
    .await;
    let worker = cell.worker().await;
    let lines = cell.told().await;
    assert_eq!(parts(&lines), "record 2, record_history 3", "{lines:#?}");
    let found: Vec<(&Value, &Value)> = lines.iter().map(|line| (&line["pointer"], &line["value"])).collect();
    assert_eq!((found[0].0, &found[0].1["name"]), (&json!(""), &json!("Ann")));
    assert_eq!(found[1], (&json!("/contacts/0"), &json!({ "email": "ann@example.org", "name": "Ann" })));
    let said = ["she called", "ann@example.org said so", "ann@example.org"];
    assert_eq!(found[2..].iter().map(|(_, value)| *value).collect::<Vec<_>>(), said);

    let job = cell.person_job(Kind::Erase).await;
    let row = cell.person_job_as(job, "completed").await;
    assert_eq!((row.found, row.left_over), (2 + 3, 0), "{row:?}");
    let gone = json!({ "email": "[erased]", "name": "[erased]", "sum": "[erased]", "vip": true });
    let without = json!({ "title": "Roof", "contacts": [{ "email": "[erased]", "name": "[erased]" }, jo] });
    let left = [(gone, 2), (without, 2), (jo, 1)].map(|(data, revision)| json!([data, revision, "qualified"]));
    assert_eq!(cell.records().await, left);
    // What was done stays, and that it was erased, by whom, is added.
    let history = "SELECT jsonb_build_array(right(record_id::text, 1), kind, reason, fields, by_name) \
                   FROM record_history ORDER BY record_id, entry_id";
    let boss = "boss@example.com";
    let expected = [
        json!(["1", "transitioned", "[erased]", [], "boss"]),
        json!(["1", "updated", "[erased]", ["email", "name", "sum"], boss]),
        json!(["2", "transitioned", "[erased]", [], "boss"]),
        json!(["2", "transitioned", "the roof leaks", [], "boss"]),
        json!(["2", "updated", "[erased]", ["contacts"], boss]),
        json!(["3", "updated", null, ["[erased]", "sum"], "boss"]),
    ];
    assert_eq!(cell.column(history).await, expected);
    while persons::tidy(&mut as_worker(&cell).await).await.unwrap() > 0 {}
    assert_eq!(cell.tables_with_ann().await, BTreeSet::new());
    assert_eq!(cell.told().await, Vec::<Value>::new());
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_a_release_that_knows_no_records_leaves_them_to_one_that_does() {
    let cell = Cell::new().await;
    cell.record(1, json!({ "email": "ann@example.org", "name": "Ann" })).await;
    let job = cell.person_job(Kind::Erase).await;
    // As such a worker goes on from the history of leads, in an upgrade.
    cell.run("UPDATE person_jobs SET part = 'history'").await;
    cell.run("UPDATE person_jobs SET part = 'mails', reached = DEFAULT, reached_item = DEFAULT").await;
    let worker = cell.worker().await;
    cell.person_job_as(job, "completed").await;
    let gone = json!([{ "email": "[erased]", "name": "[erased]" }, 2, "qualified"]);
    assert_eq!(cell.records().await, [gone]);
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_to_a_record_while_it_is_erased_is_not_lost() {
    let cell = Cell::new().await;
    cell.record(1, json!({ "who": { "email": "ann@example.org" }, "step": 1 })).await;
    let job = cell.person_job(Kind::Erase).await;
    cell.run("UPDATE person_jobs SET part = 'records'").await;
    // Somebody has written to it, and not committed yet.
    let mut writer = cell.owner().await;
    let mut write = writer.begin().await.unwrap();
    let sql = r#"UPDATE records SET data = data || '{"step": 2}', revision = revision + 1"#;
    sqlx::query(sql).execute(&mut *write).await.unwrap();
    let mut worker = as_worker(&cell).await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut worker).await.unwrap();
    let turn = tokio::spawn(async move { persons::work(&mut worker).await });
    let stands = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'");
    cell.until_count(&stands, 1).await;
    write.commit().await.unwrap();
    assert!(turn.await.unwrap().unwrap());
    assert_eq!(cell.records().await, [json!([{ "who": { "email": "[erased]" }, "step": 2 }, 3, "qualified"])]);
    let mut worker = as_worker(&cell).await;
    while persons::work(&mut worker).await.unwrap() {}
    assert_eq!(cell.person_job_as(job, "completed").await.found, 1);
}
