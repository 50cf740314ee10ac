//! What nobody can be told of is not done: a lead, a record and their histories come with their event, or not at all.

use capstan_engine::store::connect::Role;
use serde_json::json;

use crate::support::{Answer, App, as_json};

const LEADS: &str = "/api/v1/leads";
const RECORDS: &str = "/api/v1/records";

async fn in_cell(app: &App, sql: &str) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
}

/// A lead and a record that are there.
struct Ground {
    lead: String,
    record: String,
}

impl Ground {
    async fn new(app: &App) -> Self {
        let lead = app.post(LEADS, &json!({ "email": "ada@example.com" })).await;
        let record = app.post(RECORDS, &json!({ "type": "pursuit", "data": { "client": "Engines" } })).await;
        let id = |made: Answer| made.json()["id"].as_str().unwrap_or_else(|| panic!("{}", made.text())).to_owned();
        Self { lead: format!("{LEADS}/{}", id(lead)), record: format!("{RECORDS}/{}", id(record)) }
    }

    async fn acts(&self, app: &App) -> [Answer; 6] {
        let patch = |path: &str| app.request("PATCH", path).header("if-match", "\"1\"");
        [
            app.post(LEADS, &json!({ "email": "bob@example.com" })).await,
            app.send(as_json(patch(&self.lead), &json!({ "name": "Ada" }))).await,
            app.post(&format!("{}/status", self.lead), &json!({ "status": "qualified" })).await,
            app.post(RECORDS, &json!({ "type": "pursuit" })).await,
            app.send(as_json(patch(&self.record), &json!({ "data": { "client": "Motors" } }))).await,
            app.post(&format!("{}/transitions", self.record), &json!({ "to": "qualified" })).await,
        ]
    }
}

/// Rows, histories and events, and how often what is there was changed.
async fn standing(app: &App) -> [i64; 7] {
    [
        app.count("leads").await,
        app.count("lead_events").await,
        app.count("leads WHERE name IS NOT NULL OR status <> 'new'").await,
        app.count("records").await,
        app.count("record_history").await,
        app.count("records WHERE revision > 1").await,
        app.count("events").await,
    ]
}

fn verdicts(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

#[tokio::test]
async fn what_cannot_be_told_is_not_done_and_can_be_done_later() {
    let app = App::start().await;
    let ground = Ground::new(&app).await;
    let before = standing(&app).await;
    in_cell(&app, "REVOKE INSERT ON events FROM capstan_api").await;
    assert_eq!(verdicts(&ground.acts(&app).await), [500; 6]);
    assert_eq!(standing(&app).await, before);
    in_cell(&app, "GRANT INSERT ON events TO capstan_api").await;
    assert_eq!(verdicts(&ground.acts(&app).await), [201, 200, 200, 201, 200, 200]);
    assert_eq!(standing(&app).await[6], before[6] + 6, "each is told once");
}

#[tokio::test]
async fn while_too_much_waits_to_be_looked_at_nothing_is_done_that_would_be_told() {
    let app = App::start().await;
    let ground = Ground::new(&app).await;
    let before = standing(&app).await;
    let waiting = "INSERT INTO event_turns (workspace_id, event_id, type, key, due_at) \
        SELECT w.workspace_id, gen_random_uuid(), 'a', '', now() \
          FROM (SELECT workspace_id FROM leads LIMIT 1) w, generate_series(1, 100000) n";
    in_cell(&app, waiting).await;
    for answer in ground.acts(&app).await {
        assert_eq!(answer.verdict(), "429 too_many_events");
    }
    assert_eq!(standing(&app).await, before);
    in_cell(&app, "DELETE FROM event_turns WHERE type = 'a'").await;
    assert_eq!(verdicts(&ground.acts(&app).await), [201, 200, 200, 201, 200, 200]);
}
