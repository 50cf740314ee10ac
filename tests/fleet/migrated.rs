//! What `capstan migrate` leaves in the audit log of the platform.

use capstan_engine::store::connect::{Place, Role};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::process::Process;
use crate::site::Site;

/// Who, what, of which schema, and how it differs; oldest first.
async fn lines(control: &mut PgConnection) -> Vec<(String, String, String, Value)> {
    let lines = "SELECT by_name, action, subject, changes FROM platform_audit ORDER BY audit_id";
    sqlx::query_as(lines).fetch_all(control).await.unwrap()
}

async fn version(place: &Place) -> i64 {
    let mut owner = place.connect(Role::Owner).await.unwrap();
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut owner).await.unwrap()
}

fn line(schema: &str, from: Value, to: i64) -> (String, String, String, Value) {
    let changes = json!([{ "path": "/version", "before": from, "after": to }]);
    ("operator".into(), "capstan migrate".into(), format!("schema {schema}"), changes)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_migrates_leaves_a_line_with_the_versions_if_something_was_applied() {
    let site = Site::new().await;
    let control = site.place.sibling("control");
    let mut owner = control.connect(Role::Owner).await.unwrap();
    let (at, cell_at) = (version(&control).await, version(&site.place).await);
    let made = [line("control", Value::Null, at), line("cell_1", Value::Null, cell_at)];
    assert_eq!(lines(&mut owner).await, made);
    Process::result(&["migrate"], &site.env()).await;
    assert_eq!(lines(&mut owner).await, made, "nothing was applied");
    // As if it had died between the last migration and its line, the last time.
    let lost =
        "UPDATE platform_audit SET changes = jsonb_set(changes, '{0,after}', '7') WHERE subject = 'schema cell_1'";
    sqlx::query(lost).execute(&mut owner).await.unwrap();
    Process::result(&["migrate"], &site.env()).await;
    let [first, _] = made;
    assert_eq!(lines(&mut owner).await, [first, line("cell_1", Value::Null, 7), line("cell_1", json!(7), cell_at)]);
}
