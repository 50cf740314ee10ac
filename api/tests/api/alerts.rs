//! Alerts: raised once, cleared on recovery, told as events and by mail. Time is an argument: a round is judged as if so many
//! minutes had passed.

use axum::body::Body;
use axum::http::Request;
use capstan_domain::access::Role as MemberRole;
use capstan_domain::alerts::{RULES_MAX, Turn, due, turn};
use capstan_engine::store::connect::Role;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::people;
use crate::support::{Answer, App, as_json, chain, simple};

const RULES: &str = "/api/v1/alert-rules";

async fn put(app: &App, name: &str, body: Value) -> Answer {
    app.send(as_json(app.request("PUT", &format!("{RULES}/{name}")), &body)).await
}

async fn remove(app: &App, name: &str) -> Answer {
    app.send(app.request("DELETE", &format!("{RULES}/{name}")).body(Body::empty()).unwrap()).await
}

async fn run(app: &App, sql: &str) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut owner).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Adds executions of a workflow that were begun so many seconds ago, with the event of their end if they have ended.
async fn add(app: &App, workflow: &str, status: &str, ago_s: i32, count: i32) {
    let acme = app.acme;
    let ended = if status == "queued" { "NULL" } else { "now()" };
    let id = "overlay(gen_random_uuid()::text placing left(uuid_floor_1(t.at)::text, 14) || '7' from 1 for 15)::uuid";
    run(
        app,
        &format!(
            "WITH added AS ( \
               INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, status, input, \
                 created_at, ended_at) \
               SELECT {id}, '{acme}', '{workflow}', '{workflow}', 'start', '{status}', '1', t.at, {ended} \
                 FROM (SELECT now() - {ago_s} * interval '1 s' AS at) AS t, generate_series(1, {count}) \
               RETURNING execution_id, ended_at) \
             INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) \
             SELECT gen_random_uuid(), '{acme}', 'execution.{status}', a.execution_id, '{{}}' FROM added a \
              WHERE a.ended_at IS NOT NULL"
        ),
    )
    .await;
}

async fn one_turn(connection: &mut PgConnection, minutes: i64) -> Option<Turn> {
    turn(connection, Utc::now() + TimeDelta::minutes(minutes)).await.unwrap()
}

/// Judges all rules as if so many minutes had passed, more than at the last time; how many alerts were raised and cleared.
async fn judge(app: &App, minutes: i64) -> (u64, u64) {
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    let (mut raised, mut cleared) = (0, 0);
    while let Some(turn) = one_turn(&mut worker, minutes).await {
        (raised, cleared) = (raised + turn.raised, cleared + turn.cleared);
    }
    (raised, cleared)
}

async fn open(app: &App) -> Vec<String> {
    let shown = app.get("/api/v1/alerts").await.json();
    let told = |alert: &Value| format!("{}: {}", alert["rule"].as_str().unwrap(), alert["summary"].as_str().unwrap());
    shown["items"].as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn failures_raise_one_alert_by_default_which_is_cleared_on_recovery_and_both_are_told_once() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    // Workflows can start at it, and nobody else can send it.
    let heard = json!({ "event": "alert.raised", "key": "failures" });
    app.publish(&chain(&[("start", "trigger.event", heard), ("a", "debug.noop", json!({}))])).await;
    let forged = json!({ "id": "1", "type": "alert.raised", "data": {} });
    assert_eq!(app.post("/api/v1/events", &forged).await.status.as_u16(), 422);

    add(&app, &workflow, "failed", 10, 4).await;
    assert_eq!(judge(&app, 0).await, (0, 0), "four are too few to judge by");
    add(&app, &workflow, "failed", 9, 2).await;
    assert_eq!(judge(&app, 1).await, (1, 0));
    add(&app, &workflow, "failed", 8, 3).await;
    assert_eq!(judge(&app, 2).await, (0, 0), "it is raised once");
    assert_eq!(open(&app).await, ["failures: 6 of 6 executions failed within 1 hour"]);
    add(&app, &workflow, "completed", 7, 11).await;
    assert_eq!(judge(&app, 3).await, (0, 0), "45 % of them failed: it neither comes nor goes");
    add(&app, &workflow, "completed", 6, 10).await;
    assert_eq!(judge(&app, 5).await, (0, 0), "30 %: it has to stay so for a while");
    assert_eq!(judge(&app, 9).await, (0, 0));
    assert_eq!(judge(&app, 10).await, (0, 1));
    assert!(open(&app).await.is_empty());

    let told = app.get("/api/v1/alerts?status=all").await.json();
    let told = &told["items"][0];
    assert_eq!((&told["status"], &told["cleared_because"]), (&json!("cleared"), &json!("recovered")));
    assert_eq!(told["detail"], json!({ "failed": 6, "ended": 6, "window_s": 3600, "percent": 50 }));
    for kind in ["raised", "cleared"] {
        let of_alert = format!("data ->> 'alert_id' = '{}'", told["id"].as_str().unwrap());
        let events = format!("events WHERE type = 'alert.{kind}' AND key = 'failures' AND {of_alert}");
        assert_eq!(app.count(&events).await, 1, "{kind}");
    }
    let request = Request::get("/api/v1/alerts?status=all").header("x-api-key", &app.other_key).body(Body::empty());
    assert_eq!(app.send(request.unwrap()).await.json()["items"], json!([]), "another workspace has none");
}

#[tokio::test]
async fn a_rule_that_is_written_takes_the_place_of_the_shipped_one_and_a_changed_one_judges_anew() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let shipped = app.get(RULES).await.json();
    assert_eq!(shipped["items"].as_array().unwrap().len(), 1);
    let own = &shipped["items"][0];
    assert_eq!((&own["name"], &own["enabled"], &own["updated_by"]), (&json!("failures"), &json!(true), &Value::Null));
    add(&app, &workflow, "failed", 10, 6).await;
    assert_eq!(judge(&app, 0).await, (1, 0));
    let off = json!({ "kind": "failure_rate", "window_s": 3600, "percent": 50, "ended_min": 5, "enabled": false });
    assert_eq!(put(&app, "failures", off).await.status, 204);
    assert_eq!(judge(&app, 1).await, (0, 1), "what is not looked at any more has no alert");
    let strict =
        json!({ "kind": "failure_rate", "workflow_id": workflow, "window_s": 3600, "percent": 1, "ended_min": 1 });
    assert_eq!(put(&app, "orders", strict).await.status, 204);
    assert_eq!(judge(&app, 2).await, (1, 0));
    let written = app.get(RULES).await.json();
    let names: Vec<_> = written["items"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!((names, &written["items"][1]["updated_by"]), (vec![json!("failures"), json!("orders")], &json!("test")));
    assert_eq!(remove(&app, "orders").await.status, 204);
    assert_eq!(remove(&app, "failures").await.status, 204);
    assert_eq!(remove(&app, "failures").await.verdict(), "404 not_found");
    assert_eq!(judge(&app, 3).await, (1, 1), "the rule is gone, and the shipped one holds again");
    let because = app.count("alerts WHERE cleared_because = 'rule_changed'").await;
    assert_eq!((because, app.count("alerts").await), (2, 3));
}

#[tokio::test]
async fn silence_and_lateness_are_seen_and_end() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let silence = json!({ "kind": "silence", "workflow_id": workflow, "after_s": 600 });
    assert_eq!(put(&app, "quiet", silence).await.status, 204);
    assert_eq!(judge(&app, 0).await, (0, 0), "silence is counted from the rule's own beginning");
    add(&app, &workflow, "queued", 100, 1).await;
    assert_eq!(judge(&app, 9).await, (0, 0));
    assert_eq!(judge(&app, 10).await, (1, 0));
    assert_eq!(open(&app).await, ["quiet: a workflow has begun no execution for 10 minutes"]);
    add(&app, &workflow, "completed", -12 * 60, 1).await;
    assert_eq!(judge(&app, 12).await, (0, 0), "it has begun one");
    assert_eq!(judge(&app, 17).await, (0, 1));
    // Whoever pauses a workflow means it to be silent.
    assert_eq!(app.post(&format!("/api/v1/workflows/{workflow}/pause"), &json!({})).await.status.as_u16() / 100, 2);
    assert_eq!(judge(&app, 30).await, (0, 0));
    assert_eq!(app.post(&format!("/api/v1/workflows/{workflow}/resume"), &json!({})).await.status.as_u16() / 100, 2);
    assert_eq!(judge(&app, 39).await, (0, 0));
    assert_eq!(remove(&app, "quiet").await.status, 204);

    assert_eq!(put(&app, "late", json!({ "kind": "sla", "after_s": 3600 })).await.status, 204);
    assert_eq!(judge(&app, 50).await, (0, 0));
    add(&app, &workflow, "queued", 99, 120).await;
    assert_eq!(judge(&app, 59).await, (1, 0));
    assert_eq!(open(&app).await, ["late: 100 executions or more have not ended within 1 hour"]);
    let end = "UPDATE executions SET status = 'completed', ended_at = now() WHERE execution_id IN ( \
                 SELECT execution_id FROM executions WHERE ended_at IS NULL ORDER BY execution_id LIMIT 100)";
    run(&app, end).await;
    assert_eq!(judge(&app, 60).await, (0, 0), "21 are left, which it goes on with");
    assert_eq!(app.count("alert_marks WHERE cardinality(late) = 21").await, 1);
    run(&app, end).await;
    assert_eq!(judge(&app, 61).await, (0, 0));
    assert_eq!(judge(&app, 66).await, (0, 1));
}

#[tokio::test]
async fn a_queue_and_a_figure_of_the_day_raise_an_alert_that_does_not_come_and_go() {
    let app = App::start().await;
    run(&app, "DELETE FROM queue").await;
    assert_eq!(put(&app, "queue", json!({ "kind": "queue_age", "after_s": 60 })).await.status, 204);
    let waits = format!(
        "INSERT INTO queue (vt, execution_id, workspace_id, fresh) \
         SELECT 1, uuid_floor_1(now() - interval '61 s'), '{0}'::uuid, true UNION ALL \
         SELECT 0, uuid_floor_1(now() - interval '1 s'), '{0}'::uuid, true",
        app.acme
    );
    run(&app, &waits).await;
    assert_eq!(judge(&app, 0).await, (1, 0));
    assert_eq!(open(&app).await, ["queue: an execution has waited for a worker for 1 minute"]);
    // Whoever pauses the workspace means it: what was stays as it is.
    assert_eq!(app.post("/api/v1/workspace/pause", &json!({})).await.status.as_u16() / 100, 2);
    run(&app, "DELETE FROM queue").await;
    assert_eq!((judge(&app, 1).await, judge(&app, 7).await), ((0, 0), (0, 0)));
    assert_eq!(app.post("/api/v1/workspace/resume", &json!({})).await.status.as_u16() / 100, 2);
    assert_eq!(judge(&app, 8).await, (0, 0));
    run(&app, &waits).await;
    assert_eq!(judge(&app, 12).await, (0, 0));
    run(&app, "DELETE FROM queue").await;
    assert_eq!((judge(&app, 14).await, judge(&app, 18).await), ((0, 0), (0, 0)), "it held for less than five minutes");
    assert_eq!(judge(&app, 19).await, (0, 1));

    assert_eq!(put(&app, "mails", json!({ "kind": "metric", "metric": "emails_sent", "above": 2 })).await.status, 204);
    let sent = format!(
        "INSERT INTO workspace_daily_stats (workspace_id, day, executions_started, executions_completed, executions_failed, \
           executions_cancelled, duration_ms_sum, emails_sent, leads_created, counted_at) \
         SELECT '{}', (now() AT TIME ZONE 'UTC')::date + n, 0, 0, 0, 0, 0, 2, 0, now() FROM generate_series(0, 1) AS n",
        app.acme
    );
    run(&app, &sent).await;
    assert_eq!(judge(&app, 20).await, (0, 0), "two are not above two");
    run(&app, "UPDATE workspace_daily_stats SET emails_sent = 3").await;
    assert_eq!(judge(&app, 21).await, (1, 0));
    assert_eq!(open(&app).await, ["mails: emails_sent is 3 today, above 2"]);
}

#[tokio::test]
async fn a_round_goes_on_where_it_was_broken_off_and_one_process_is_at_it_at_a_time() {
    let app = App::start().await;
    run(&app, "DELETE FROM queue").await;
    let rules = "WITH w AS (SELECT gen_random_uuid() AS id FROM generate_series(1, 100)), waits AS ( \
                   INSERT INTO queue (vt, execution_id, workspace_id, fresh) \
                   SELECT 1, uuid_floor_1(now() - interval '1 h'), w.id, true FROM w) \
                 INSERT INTO alert_rules (workspace_id, name, kind, after_s, is_mailed, is_enabled, updated_by) \
                 SELECT w.id, 'queue', 'queue_age', 60, true, true, 'test' FROM w";
    run(&app, rules).await;
    let mut first = app.cell.connect(Role::Worker).await.unwrap();
    let mut second = app.cell.connect(Role::Worker).await.unwrap();
    let raised = |turn: Option<Turn>| turn.map(|turn| turn.raised);
    assert!(due(&mut first).await.unwrap().is_some());
    let mut dying = first.begin().await.unwrap();
    assert_eq!(raised(one_turn(&mut dying, 0).await), Some(60));
    assert_eq!(raised(one_turn(&mut second, 0).await), None, "somebody is at it");
    dying.rollback().await.unwrap();
    assert_eq!(app.count("alerts").await, 0);

    assert_eq!(raised(one_turn(&mut first, 0).await), Some(60));
    let (one, other) = futures::join!(one_turn(&mut first, 0), one_turn(&mut second, 0));
    assert_eq!(raised(one).unwrap_or_default() + raised(other).unwrap_or_default(), 40);
    assert_eq!(raised(one_turn(&mut second, 0).await), None, "the round is over");
    assert_eq!(due(&mut first).await.unwrap(), None);
    assert_eq!(raised(one_turn(&mut second, 1).await), Some(0), "the next one raises nothing twice");
    let once = "(SELECT FROM alerts GROUP BY workspace_id HAVING count(*) = 1) AS once";
    assert_eq!((app.count(once).await, app.count("events WHERE type = 'alert.raised'").await), (100, 100));
}

#[tokio::test]
async fn what_is_no_rule_is_refused_by_field() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    for (name, body, pointer) in [
        ("a", json!({ "kind": "mood", "after_s": 60 }), "/kind"),
        ("A", json!({ "kind": "sla", "after_s": 60 }), "/name"),
        ("a", json!({ "kind": "sla" }), "/after_s"),
        ("a", json!({ "kind": "sla", "after_s": 59 }), "/after_s"),
        ("a", json!({ "kind": "sla", "after_s": 60, "window_s": 600 }), "/window_s"),
        ("a", json!({ "kind": "sla", "after_s": 60, "percent": 5 }), "/percent"),
        ("a", json!({ "kind": "silence", "after_s": 60 }), "/workflow_id"),
        ("a", json!({ "kind": "queue_age", "after_s": 60, "workflow_id": workflow }), "/workflow_id"),
        ("a", json!({ "kind": "failure_rate", "window_s": 600, "percent": 0, "ended_min": 1 }), "/percent"),
        ("a", json!({ "kind": "failure_rate", "window_s": 600, "percent": 5 }), "/ended_min"),
        ("a", json!({ "kind": "metric", "above": 5 }), "/metric"),
        ("a", json!({ "kind": "metric", "metric": "day", "above": 5 }), "/metric"),
        ("a", json!({ "kind": "metric", "metric": "emails_sent", "above": -1 }), "/above"),
    ] {
        let answer = put(&app, name, body.clone()).await;
        let found = (answer.verdict(), answer.json()["errors"][0]["pointer"].clone());
        assert_eq!(found, ("422 invalid_rule".into(), json!(pointer)), "{name}: {body}");
    }
    assert_eq!(put(&app, "a", json!({ "kind": "sla", "after": 60 })).await.verdict(), "400 bad_body");
    let foreign = json!({ "kind": "silence", "after_s": 60, "workflow_id": app.acme });
    assert_eq!(put(&app, "a", foreign).await.verdict(), "404 not_found");
    assert_eq!(app.get("/api/v1/alerts?status=closed").await.verdict(), "400 bad_status");
    let rule = json!({ "kind": "sla", "after_s": 60 });
    for n in 0..RULES_MAX {
        assert_eq!(put(&app, &format!("r{n}"), rule.clone()).await.status, 204);
    }
    assert_eq!(put(&app, "one-more", rule.clone()).await.verdict(), "422 too_many_rules");
    assert_eq!(put(&app, "r7", rule).await.status, 204, "one that is there can be written anew");
}

#[tokio::test]
async fn owner_and_administrators_are_mailed_of_an_alert_and_of_its_end_but_not_without_bound() {
    let app = people::start().await;
    for (email, role) in [
        ("olga@example.com", MemberRole::Owner),
        ("adam@example.com", MemberRole::Admin),
        ("mia@example.com", MemberRole::Member),
    ] {
        people::member(&app, app.acme, email, role).await;
    }
    let workflow = app.publish(&simple()).await;
    add(&app, &workflow, "failed", 10, 5).await;
    assert_eq!(judge(&app, 0).await, (1, 0));
    run(&app, "ALTER TABLE sandbox_mails ADD CONSTRAINT away CHECK (false)").await;
    app.api.tell_alerts().await.unwrap();
    run(&app, "ALTER TABLE sandbox_mails DROP CONSTRAINT away").await;
    app.api.tell_alerts().await.unwrap();
    assert_eq!(app.count("sandbox_mails").await, 0, "it could not be sent, and is not tried again at once");
    run(&app, "UPDATE alerts SET mail_due_at = now()").await;
    app.api.tell_alerts().await.unwrap();
    app.api.tell_alerts().await.unwrap();
    add(&app, &workflow, "completed", 9, 20).await;
    let again =
        "UPDATE alert_rounds SET next_at = '-infinity'; UPDATE alerts SET holds_since = now() - interval '5 minutes'";
    run(&app, again).await;
    assert_eq!(judge(&app, 0).await, (0, 1));
    app.api.tell_alerts().await.unwrap();
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let mails: Vec<(Vec<String>, String, String)> =
        sqlx::query_as("SELECT recipients, subject, body_text FROM sandbox_mails ORDER BY mail_id")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let subjects: Vec<_> = mails.iter().map(|(_, subject, _)| subject.as_str()).collect();
    let what = "5 of 5 executions failed within 1 hour";
    assert_eq!(subjects, [format!("[acme] alert raised: {what}"), format!("[acme] alert cleared: {what}")]);
    assert_eq!(mails[0].0, ["olga@example.com", "adam@example.com"]);
    assert!(mails[1].2.contains("and is over"), "{}", mails[1].2);

    // Nobody is told a day late; and three of twenty mails an hour are spent.
    let more = format!(
        "INSERT INTO alerts (workspace_id, alert_id, rule, kind, summary, detail, raised_at, is_mailed, mail_due_at) \
         SELECT '{}', gen_random_uuid(), 'r' || n, 'sla', 's', '{{}}', now() - n * interval '1 hour', true, now() \
           FROM generate_series(1, 30) AS n",
        app.acme
    );
    run(&app, &more).await;
    app.api.tell_alerts().await.unwrap();
    assert_eq!((app.count("sandbox_mails").await, app.count("alerts WHERE mail_due_at IS NOT NULL").await), (19, 6));
}
