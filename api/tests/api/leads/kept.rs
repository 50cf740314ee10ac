//! How long it is kept what is known of leads.

use axum::body::Body;
use capstan_domain::leads::{self, DELETED_KEPT_DAYS, HISTORY_KEPT_DAYS};
use capstan_engine::store::connect::Role;
use serde_json::json;

use super::{LEADS, history, make};
use crate::support::App;

async fn change(app: &App, sql: &str) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
}

/// Does what each worker does every hour; how many rows it was.
async fn tidy(app: &App) -> u64 {
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    let mut gone = 0;
    loop {
        match leads::tidy(&mut worker).await.unwrap() {
            0 => return gone,
            rows => gone += rows,
        }
    }
}

#[tokio::test]
async fn old_history_goes_and_who_was_deleted_long_ago_is_not_known_any_more() {
    let app = App::start().await;
    let lead = |email: &str| json!({ "email": email, "name": "Ada", "phone": "+49 1", "fields": { "plan": "pro" } });
    let [old, late, alive] = ["old@example.com", "late@example.com", "alive@example.com"].map(lead);
    let (old, late, alive) = (make(&app, old).await, make(&app, late).await, make(&app, alive).await);
    for id in [&old, &late] {
        let request = app.request("DELETE", &format!("{LEADS}/{id}"));
        assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.status, 204);
    }
    let note = json!({ "type": "note", "text": "likes tea" });
    assert_eq!(app.post(&format!("{LEADS}/{alive}/events"), &note).await.status, 201);
    assert_eq!(tidy(&app).await, 0);

    // A day before its time, and a day after it.
    for (id, days) in [(&late, DELETED_KEPT_DAYS - 1), (&old, DELETED_KEPT_DAYS + 1)] {
        let past = format!("UPDATE leads SET deleted_at = now() - interval '{days} days' WHERE lead_id = '{id}'");
        change(&app, &past).await;
    }
    for (kind, days) in [("note", HISTORY_KEPT_DAYS - 1), ("created", HISTORY_KEPT_DAYS + 1)] {
        let past = format!(
            "UPDATE lead_events SET created_at = now() - interval '{days} days' \
             WHERE lead_id = '{alive}' AND type = '{kind}'"
        );
        change(&app, &past).await;
    }
    // One lead, and one row of history of another.
    assert_eq!(tidy(&app).await, 2);
    assert_eq!(tidy(&app).await, 0);
    let emptied = "name = '[erased]' AND num_nonnulls(email, email_key, phone, company) = 0 AND words = ''";
    assert_eq!(app.count(&format!("leads WHERE {emptied} AND lead_id = '{old}'")).await, 1);
    for table in ["lead_events", "lead_field_data"] {
        assert_eq!(app.count(&format!("{table} WHERE lead_id = '{old}'")).await, 0, "{table}");
    }
    // The others are as they were.
    assert_eq!(app.count("leads WHERE name = 'Ada' AND email IS NOT NULL").await, 2);
    assert_eq!(app.count("lead_field_data").await, 2);
    assert_eq!(app.count(&format!("lead_events WHERE lead_id = '{late}'")).await, 2);
    let left: Vec<_> = history(&app, &alive).await.iter().map(|entry| entry["type"].clone()).collect();
    assert_eq!(left, ["note"]);
    assert_eq!(app.get(&format!("{LEADS}/{alive}")).await.json()["fields"], json!({ "plan": "pro" }));
}
