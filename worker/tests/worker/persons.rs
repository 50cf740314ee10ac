//! What is held about a person: exported, erased in place, whoever dies meanwhile.

mod records;

use std::collections::BTreeSet;

use capstan_domain::persons::{self, JobRow, Kind, Made, NewJob};
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Role;
use capstan_engine::store::past;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::{Cell, graph, node};

const ANN: &str = "Ann@Example.org";
/// Jobs that wait look again now.
const AT_ONCE: &str = "UPDATE person_jobs SET turn_at = now() WHERE ended_at IS NULL";
/// Leads that are looked at in a turn.
const TURN: i64 = 1_000;

impl Cell {
    async fn person_job(&self, kind: Kind) -> Uuid {
        self.person_job_about(kind, ANN).await
    }

    async fn person_job_about(&self, kind: Kind, address: &str) -> Uuid {
        let mut api = self.place.connect(Role::Api).await.unwrap();
        let mut transaction = api.begin().await.unwrap();
        let tenant = format!("SET LOCAL app.workspace_id = '{}'", self.workspace_id);
        sqlx::query(&tenant).execute(&mut *transaction).await.unwrap();
        let new = NewJob { job_id: Uuid::now_v7(), kind, address, by_kind: "user", by_name: "boss@example.com" };
        let Made::New(job) = persons::create(&mut transaction, self.workspace_id, &new).await.unwrap() else {
            panic!("the job was not made")
        };
        transaction.commit().await.unwrap();
        job.job_id
    }

    async fn person_job_as(&self, job_id: Uuid, status: &str) -> JobRow {
        let sql = format!("SELECT count(*) FROM person_jobs WHERE job_id = '{job_id}' AND status = '{status}'");
        self.until_count(&sql, 1).await;
        persons::find(&mut self.owner().await, self.workspace_id, job_id).await.unwrap().unwrap()
    }

    /// What an export tells.
    async fn told(&self) -> Vec<Value> {
        let job = self.person_job(Kind::Export).await;
        let job = self.person_job_as(job, "completed").await;
        let rows = persons::lines(&mut self.owner().await, self.workspace_id, job.job_id, 0).await.unwrap();
        let numbers: Vec<i64> = rows.iter().map(|row| row.line_no).collect();
        assert_eq!(numbers, (1..=job.found).collect::<Vec<_>>());
        rows.iter().map(|row| serde_json::from_str(&row.line).unwrap()).collect()
    }

    /// Tables in which the address still stands.
    async fn tables_with_ann(&self) -> BTreeSet<String> {
        let mut owner = self.owner().await;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace \
             AND c.relkind IN ('r', 'p') AND NOT c.relispartition",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        let mut found = BTreeSet::new();
        for table in tables {
            let sql = format!("SELECT count(*) FROM {table} t WHERE lower(t::text) ~ '(^|[^a-z])ann(@|%40)example'");
            let count: i64 = sqlx::query_scalar(&sql).fetch_one(&mut owner).await.unwrap();
            if count > 0 {
                found.insert(table);
            }
        }
        found
    }

    /// Leads of Ann and of others, with history, and events.
    async fn fill(&self) {
        let w = self.workspace_id;
        let id = "gen_random_uuid()";
        self.run(&format!(
            "INSERT INTO leads (workspace_id, lead_id, email, email_key, name, phone, status, source) VALUES \
               ('{w}', '00000000-0000-7000-8000-000000000001', 'Ann@Example.org', 'ann@example.org', 'Ann', '+49 1', 'new', 'form'), \
               ('{w}', '00000000-0000-7000-8000-000000000002', 'joann@example.org', 'joann@example.org', 'Jo', '+49 2', 'new', 'form'); \
             INSERT INTO lead_field_data (workspace_id, lead_id, name, text_value) VALUES \
               ('{w}', '00000000-0000-7000-8000-000000000001', 'plan', 'pro'); \
             INSERT INTO lead_events (workspace_id, lead_id, event_id, type, by_kind, by_name, data) VALUES \
               ('{w}', '00000000-0000-7000-8000-000000000001', {id}, 'note', 'user', 'boss', '{{\"text\": \"likes tea\"}}'), \
               ('{w}', '00000000-0000-7000-8000-000000000001', {id}, 'status_changed', 'user', 'boss', \
                '{{\"from\": \"new\", \"to\": \"won\", \"reason\": \"she called\"}}'), \
               ('{w}', '00000000-0000-7000-8000-000000000002', {id}, 'note', 'user', 'boss', \
                '{{\"text\": \"works with ann@example.org\"}}'), \
               ('{w}', '00000000-0000-7000-8000-000000000002', {id}, 'note', 'user', 'boss', '{{\"text\": \"likes coffee\"}}'); \
             INSERT INTO sandbox_mails (workspace_id, mail_id, message_id, sender, recipients, subject, body_text) VALUES \
               ('{w}', {id}, 'a', 'us@example.com', '{{ann@example.org}}', 'Hi', 'Dear Ann'), \
               ('{w}', {id}, 'b', 'us@example.com', '{{joann@example.org}}', 'Hi', 'Dear Jo'); \
             INSERT INTO form_submissions (workspace_id, submission_id, once, workflow_id, node_id, path, title, email, input, \
               expires_at) VALUES \
               ('{w}', {id}, 'a', {id}, 'n', 'p', 't', 'ann@example.org', '{{\"name\": \"Ann\"}}', now() + interval '1 day'), \
               ('{w}', {id}, 'b', {id}, 'n', 'p', 't', 'joann@example.org', '{{\"name\": \"Jo\"}}', now() + interval '1 day'); \
             INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth, status, received_at) VALUES \
               ('{w}', {id}, 'a', 'paid', 'ANN@example.org', '{{\"sum\": 7}}', 0, 'done', now() - interval '1 hour'), \
               ('{w}', {id}, 'b', 'paid', 'k', '{{\"who\": [{{\"email\": \"ann@example.org\", \"sum\": 7}}, {{\"email\": \"x@y.z\"}}]}}', \
                0, 'done', now() - interval '1 hour'), \
               ('{w}', {id}, 'c', 'paid', 'joann@example.org', '{{}}', 0, 'done', now() - interval '1 hour')"
        ))
        .await;
    }

    /// Executions that wait for a reply: of Ann, of Ann, of somebody else.
    async fn begin_three(&self) -> [ExecutionId; 3] {
        let reply = node("reply", "logic.wait_for_signal", json!({ "signal": "go" }));
        let version = self.publish(&graph(vec![reply], &[("start", "out", "reply")])).await;
        let ann = json!({ "form": { "email": "ann@example.org", "name": "Ann", "age": 40 }, "utm": "x" });
        let jo = json!({ "form": { "email": "joann@example.org", "name": "Jo" } });
        let ids =
            [self.start(version, ann.clone()).await, self.start(version, ann).await, self.start(version, jo).await];
        for id in ids {
            self.until(id, &["waiting"]).await;
        }
        ids
    }

    /// Whether the journal can be read as entries.
    async fn folds(&self, id: ExecutionId) -> bool {
        let mut pasts = past::load(&mut self.owner().await, &[id.0]).await.unwrap();
        !pasts.remove(&id.0).unwrap().entries().unwrap().is_empty()
    }

    async fn column(&self, sql: &str) -> Vec<Value> {
        sqlx::query_scalar(sql).fetch_all(&mut self.owner().await).await.unwrap()
    }
}

fn reply() -> Value {
    json!({ "from": { "email": "ann@example.org", "text": "hi" }, "n": 1 })
}

/// Which parts an export told of, and how often.
fn parts(lines: &[Value]) -> String {
    let parts: Vec<&str> = lines.iter().map(|line| line["part"].as_str().unwrap()).collect();
    let kinds: BTreeSet<&str> = parts.iter().copied().collect();
    let count = |kind: &str| format!("{kind} {}", parts.iter().filter(|part| **part == kind).count());
    kinds.into_iter().map(count).collect::<Vec<_>>().join(", ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_export_tells_an_erasure_takes_out_and_what_happened_can_be_read_as_before() {
    let cell = Cell::new().await;
    cell.fill().await;
    let worker = cell.worker().await;
    let [ended, waits, jos] = cell.begin_three().await;
    cell.signal(ended, "go", reply()).await;
    cell.until(ended, &["completed"]).await;
    cell.until_count("SELECT count(*) FROM event_turns", 0).await;
    let lines = cell.told().await;
    assert_eq!(parts(&lines), "event 2, execution 3, form 1, journal 2, lead 1, lead_event 3, mail 1", "{lines:#?}");
    let execution = lines.iter().find(|line| line["part"] == "execution").unwrap();
    assert_eq!((&execution["pointer"], &execution["value"]["name"]), (&json!("/form"), &json!("Ann")));
    assert!(!format!("{lines:?}").contains("joann") && !format!("{lines:?}").contains("coffee"), "{lines:?}");

    let shape =
        format!("SELECT to_jsonb(j) - 'output' FROM journal j WHERE execution_id = '{ended}' ORDER BY position");
    let before = cell.column(&shape).await;
    let job = cell.person_job(Kind::Erase).await;
    let row = cell.person_job_as(job, "waiting").await;
    // Events, too: what runs may still look for them.
    assert_eq!((row.found, row.left_over), (1 + 3 + 1 + 1 + 1 + 2, 1 + 2), "{row:?}");
    // What runs is left alone, what has ended is without her and else as it was.
    let input = async |id: ExecutionId| {
        cell.column(&format!("SELECT input FROM executions WHERE execution_id = '{id}'")).await.remove(0)
    };
    let gone = json!({ "form": { "email": "[erased]", "name": "[erased]", "age": "[erased]" }, "utm": "x" });
    assert_eq!(input(ended).await, gone);
    assert_eq!(input(waits).await["form"]["name"], "Ann");
    assert_eq!(input(jos).await["form"]["name"], "Jo");
    assert_eq!(cell.column(&shape).await, before);
    assert!(cell.folds(ended).await);
    let moved = "SELECT data FROM lead_events WHERE type = 'status_changed'";
    assert_eq!(cell.column(moved).await, [json!({ "from": "new", "to": "won", "reason": "[erased]" })]);
    let left = "SELECT jsonb_build_array(email, name, phone, deleted_at IS NULL) FROM leads ORDER BY lead_id";
    let jo = json!(["joann@example.org", "Jo", "+49 2", true]);
    assert_eq!(cell.column(left).await, [json!([null, "[erased]", null, false]), jo]);

    // Once the other one has ended, nothing is left, and the job forgets the address.
    cell.signal(waits, "go", reply()).await;
    cell.until(waits, &["completed"]).await;
    cell.run(AT_ONCE).await;
    cell.until_count("SELECT count(*) FROM person_marks WHERE kind = 'execution'", 0).await;
    cell.run(AT_ONCE).await;
    let row = cell.person_job_as(job, "completed").await;
    assert_eq!((row.found, row.left_over), (9 + 3 + 2, 0), "{row:?}");
    assert_eq!(input(waits).await, gone);
    // What the export had told goes with the next upkeep.
    while persons::tidy(&mut as_worker(&cell).await).await.unwrap() > 0 {}
    assert_eq!(cell.tables_with_ann().await, BTreeSet::new());
    assert_eq!(cell.told().await, Vec::<Value>::new());
    let again = cell.person_job(Kind::Erase).await;
    let again = cell.person_job_as(again, "completed").await;
    assert_eq!((again.found, &again.address_hash), (0, &row.address_hash));
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_for_good_in_an_archived_workspace_is_erased() {
    let cell = Cell::new().await;
    let worker = cell.worker().await;
    let [one, other, _] = cell.begin_three().await;
    cell.run(&format!(
        "INSERT INTO standings (workspace_id, state, revision) VALUES ('{}', 'archived', 1)",
        cell.workspace_id
    ))
    .await;
    let job = cell.person_job(Kind::Erase).await;
    let row = cell.person_job_as(job, "completed").await;
    assert_eq!((row.found, row.left_over), (2, 0));
    assert_eq!(cell.tables_with_ann().await, BTreeSet::new());
    for id in [one, other] {
        assert!(cell.folds(id).await);
    }
    worker.drain().await;
}

async fn as_worker(cell: &Cell) -> PgConnection {
    cell.place.connect(Role::Worker).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_in_a_turn_leaves_nothing_half_done_and_the_next_one_goes_on_there() {
    let cell = Cell::new().await;
    let w = cell.workspace_id;
    // Hidden leads may have had the same address; the last one is in the third turn.
    cell.run(&format!(
        "INSERT INTO leads (workspace_id, lead_id, email, email_key, status, source, deleted_at) \
         SELECT '{w}', overlay(gen_random_uuid()::text placing lpad(n::text, 8, '0') from 1 for 8)::uuid, e, e, 'new', 'form', now() \
           FROM generate_series(1, 2 * {TURN} + 1) n, \
                LATERAL (SELECT CASE WHEN n IN (1, 1500, 2 * {TURN} + 1) THEN 'ann@example.org' ELSE n || '@example.org' END AS e) x"
    ))
    .await;
    let job = cell.person_job(Kind::Erase).await;
    let state = async || {
        let row = persons::find(&mut cell.owner().await, w, job).await.unwrap().unwrap();
        (row.searched, row.found)
    };
    assert!(persons::work(&mut as_worker(&cell).await).await.unwrap());
    assert_eq!(state().await, (TURN, 1));

    // The second turn stands still at a row that another holds, and its session is ended there.
    let mut holder = cell.owner().await;
    let mut held = holder.begin().await.unwrap();
    let lock = "SELECT count(*) FROM (SELECT FROM leads WHERE email_key = 'ann@example.org' FOR UPDATE) l";
    let _: i64 = sqlx::query_scalar(lock).fetch_one(&mut *held).await.unwrap();
    let mut dies = as_worker(&cell).await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut dies).await.unwrap();
    let turn = tokio::spawn(async move { persons::work(&mut dies).await });
    let stands = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'");
    cell.until_count(&stands, 1).await;
    // Nobody works on it beside.
    assert!(!persons::work(&mut as_worker(&cell).await).await.unwrap());
    cell.run(&format!("SELECT pg_terminate_backend({pid})")).await;
    assert!(turn.await.unwrap().is_err());
    held.rollback().await.unwrap();
    assert_eq!(state().await, (TURN, 1));

    let mut goes_on = as_worker(&cell).await;
    while persons::work(&mut goes_on).await.unwrap() {}
    let row = cell.person_job_as(job, "completed").await;
    // Each lead once, and one row of history for each.
    assert_eq!((row.searched, row.found), (2 * TURN + 1 + 3, 3));
    assert_eq!(cell.count("SELECT count(*) FROM lead_events WHERE type = 'deleted'").await, 3);
    assert_eq!(cell.tables_with_ann().await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_persons_in_one_value_are_both_gone_however_their_jobs_meet() {
    let cell = Cell::new().await;
    let steps = vec![node("a", "debug.noop", json!({}))];
    let version = cell.publish(&graph(steps, &[("start", "out", "a")])).await;
    let input = json!([{ "email": "ann@example.org" }, { "email": "bob@example.org" }, { "email": "eve@example.org" }]);
    let id = cell.start(version, input).await;
    cell.run("UPDATE executions SET status = 'completed', ended_at = now()").await;
    cell.person_job(Kind::Erase).await;
    cell.run("UPDATE person_jobs SET part = 'executions'").await;
    // Ann's turn has read the input, and stands still before it writes.
    let mut holder = cell.owner().await;
    let mut held = holder.begin().await.unwrap();
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM (SELECT FROM executions FOR UPDATE) e")
        .fetch_one(&mut *held)
        .await
        .unwrap();
    let mut anns = as_worker(&cell).await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut anns).await.unwrap();
    let turn = tokio::spawn(async move { persons::work(&mut anns).await });
    let stands = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'");
    cell.until_count(&stands, 1).await;
    let bobs = cell.person_job_about(Kind::Erase, "bob@example.org").await;
    cell.run(&format!("UPDATE person_jobs SET part = 'executions' WHERE job_id = '{bobs}'")).await;
    // Bob's stands back.
    assert!(persons::work(&mut as_worker(&cell).await).await.unwrap());
    let row = persons::find(&mut cell.owner().await, cell.workspace_id, bobs).await.unwrap().unwrap();
    assert_eq!((row.status.as_str(), row.searched), ("running", 0));
    held.rollback().await.unwrap();
    assert!(turn.await.unwrap().unwrap());
    let mut worker = as_worker(&cell).await;
    cell.run(AT_ONCE).await;
    while persons::work(&mut worker).await.unwrap() {}
    let left = cell.column(&format!("SELECT input FROM executions WHERE execution_id = '{id}'")).await;
    assert_eq!(left, [json!([{ "email": "[erased]" }, { "email": "[erased]" }, { "email": "eve@example.org" }])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_whose_parent_goes_on_is_erased_after_it() {
    let cell = Cell::new().await;
    let worker = cell.worker().await;
    let [child, _, parent] = cell.begin_three().await;
    cell.signal(child, "go", reply()).await;
    cell.until(child, &["completed"]).await;
    cell.run(&format!(
        "INSERT INTO children (child_id, workspace_id, parent_id, node_id, root_id, depth) \
         VALUES ('{child}', '{}', '{parent}', 'reply', '{parent}', 1)",
        cell.workspace_id
    ))
    .await;
    let job = cell.person_job(Kind::Erase).await;
    let row = cell.person_job_as(job, "waiting").await;
    assert_eq!((row.found, row.left_over), (0, 2), "{row:?}");
    cell.signal(parent, "go", json!({})).await;
    cell.until(parent, &["completed"]).await;
    cell.run(AT_ONCE).await;
    cell.until_count("SELECT count(*) FROM person_marks WHERE kind = 'execution'", 1).await;
    let email =
        cell.column(&format!("SELECT input -> 'form' -> 'email' FROM executions WHERE execution_id = '{child}'")).await;
    assert_eq!(email, [json!("[erased]")]);
    worker.drain().await;
}
