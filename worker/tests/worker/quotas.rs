//! What steps use: within what a plan allows, and each unit a fact in the commit of its step.

use serde_json::json;

use crate::support::{Cell, graph, node};

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_sent_up_to_the_limit_and_each_is_a_fact() {
    let cell = Cell::new().await;
    let mail = node("mail", "action.send_email", json!({ "to": "ada@example.com", "subject": "s", "text": "t" }));
    let version = cell.publish(&graph(vec![mail], &[("start", "out", "mail")])).await;
    let two = "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'emails', 2, 2)";
    sqlx::query(two).bind(cell.workspace_id.0).execute(&mut cell.owner().await).await.unwrap();
    cell.within_a_day().await;
    let worker = cell.worker().await;
    for expected in ["completed", "completed", "failed"] {
        let id = cell.start(version, json!({})).await;
        cell.until(id, &[expected]).await;
    }
    let refused = "SELECT count(*) FROM execution_steps WHERE error ->> 'class' = 'quota'";
    assert_eq!(cell.count(refused).await, 1);
    worker.drain().await;
    let facts = cell.count("SELECT count(*) FROM usage WHERE meter = 'emails'").await;
    let counted = cell.count("SELECT granted FROM quota_counters WHERE meter = 'emails'").await;
    assert_eq!((facts, counted, cell.count("SELECT count(*) FROM quota_slices").await), (2, 2, 0));
    for said in ["quota.soft", "quota.exceeded"] {
        let said = format!("SELECT count(*) FROM events WHERE type = '{said}' AND key = 'email_sends_per_month'");
        assert_eq!(cell.count(&said).await, 1);
    }
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_hears_that_a_quota_is_used_up() {
    let cell = Cell::new().await;
    let mail = node("mail", "action.send_email", json!({ "to": "ada@example.com", "subject": "s", "text": "t" }));
    let version = cell.publish(&graph(vec![mail], &[("start", "out", "mail")])).await;
    for event in ["quota.soft", "quota.exceeded"] {
        let heard = json!({
            "nodes": [node("start", "trigger.event", json!({ "event": event })), node("a", "debug.noop", json!({}))],
            "edges": [{ "id": "e", "source": "start", "target": "a" }],
        });
        cell.publish_as(event, &heard).await;
    }
    let one = "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'emails', 1, 1)";
    sqlx::query(one).bind(cell.workspace_id.0).execute(&mut cell.owner().await).await.unwrap();
    cell.within_a_day().await;
    let worker = cell.worker().await;
    for expected in ["completed", "failed", "failed"] {
        let id = cell.start(version, json!({})).await;
        cell.until(id, &[expected]).await;
    }
    for event in ["quota.soft", "quota.exceeded"] {
        let heard = format!(
            "SELECT count(*) FROM executions e JOIN workflows w USING (workspace_id, workflow_id) WHERE w.name = '{event}' \
               AND e.input ->> 'type' = '{event}' AND e.input #>> '{{data,limit}}' = '1' AND e.ended_at IS NOT NULL"
        );
        cell.until_count(&heard, 1).await;
    }
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_of_any_name_is_charged_up_to_its_hard_limit_and_each_charge_is_one_fact() {
    let cell = Cell::new().await;
    let charge = node("charge", "action.meter", json!({ "quota": "pages", "units": "{{ input.pages }}" }));
    let free = node("free", "action.meter", json!({ "quota": "scans" }));
    let drawn = graph(vec![charge, free], &[("start", "out", "charge"), ("charge", "out", "free")]);
    let version = cell.publish(&drawn).await;
    let limit = "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'pages', 10, 12)";
    sqlx::query(limit).bind(cell.workspace_id.0).execute(&mut cell.owner().await).await.unwrap();
    cell.within_a_day().await;
    let worker = cell.worker().await;
    // At the limit it goes on, up to a fifth more; what does not fit whole uses nothing.
    for (pages, expected) in [(7, "completed"), (3, "completed"), (3, "failed"), (2, "completed"), (1, "failed")] {
        let id = cell.start(version, json!({ "pages": pages })).await;
        cell.until(id, &[expected]).await;
    }
    assert_eq!(cell.count("SELECT count(*) FROM execution_steps WHERE error ->> 'class' = 'quota'").await, 2);
    worker.drain().await;
    let facts = "SELECT sum(units)::bigint FROM usage WHERE meter = ";
    let granted = "SELECT granted FROM quota_counters WHERE meter = ";
    for (meter, units) in [("pages", 12), ("scans", 3)] {
        assert_eq!(cell.count(&format!("{facts} '{meter}'")).await, units, "{meter}");
        assert_eq!(cell.count(&format!("{granted} '{meter}'")).await, units, "{meter}");
    }
    assert_eq!(cell.count("SELECT count(*) FROM usage WHERE meter = 'pages'").await, 3);
    assert_eq!(cell.count("SELECT count(*) FROM quota_slices").await, 0);
    for said in ["quota.soft", "quota.exceeded"] {
        let said = format!("SELECT count(*) FROM events WHERE type = '{said}' AND key = 'pages'");
        assert_eq!(cell.count(&said).await, 1);
    }
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_hears_that_executions_are_used_up_starts_none_beyond_them() {
    let cell = Cell::new().await;
    for (name, event) in [("works", "go"), ("hears", "quota.exceeded")] {
        let graph = json!({
            "nodes": [node("start", "trigger.event", json!({ "event": event })), node("a", "debug.noop", json!({}))],
            "edges": [{ "id": "e", "source": "start", "target": "a" }],
        });
        cell.publish_as(name, &graph).await;
    }
    let one = "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'executions', 1, 1)";
    let mut owner = cell.owner().await;
    sqlx::query(one).bind(cell.workspace_id.0).execute(&mut owner).await.unwrap();
    cell.within_a_day().await;
    let worker = cell.worker().await;
    let send = "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
        VALUES ($1, gen_random_uuid(), gen_random_uuid()::text, 'go', '', '{}', 0)";
    for _ in 0..2 {
        sqlx::query(send).bind(cell.workspace_id.0).execute(&mut owner).await.unwrap();
    }
    let refused =
        "SELECT count(*) FROM trigger_starts WHERE status = 'due' AND tries > 0 AND reason LIKE '%quota of executions'";
    cell.until_count(refused, 2).await;
    // Their time is over, and what was refused has told nothing new.
    sqlx::raw_sql("UPDATE trigger_starts SET due_at = now(), until_at = now() WHERE status = 'due'")
        .execute(&mut owner)
        .await
        .unwrap();
    cell.until_count("SELECT count(*) FROM trigger_starts WHERE status = 'missed'", 2).await;
    assert_eq!(cell.count("SELECT count(*) FROM events WHERE type = 'quota.exceeded'").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 1);
    worker.drain().await;
}
