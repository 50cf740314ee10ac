//! An automation rule from its request to what it does.

use capstan_domain::events::DEPTH_MAX;
use serde_json::{Value, json};

use crate::site::Site;
use crate::world::World;

/// Sends a mail to leads of a fair and moves them on; of all others an execution says that they were looked at, if that is wished.
fn rule(name: &str, budget: i64, log_misses: bool) -> Value {
    json!({
        "name": name,
        "event": "lead.created",
        "conditions": { "all": [
            { "field": "data.lead.source", "op": "eq", "value": "fair" },
            { "field": "data.lead.fields.budget", "op": "ge", "value": budget },
        ] },
        "log_misses": log_misses,
        "actions": [
            { "type": "action.send_email",
              "config": { "to": "{{ input.data.lead.email }}", "subject": "Hello", "text": "Dear {{ input.data.lead.name }}" } },
            { "type": "lead.set_status", "config": { "lead_id": "{{ input.data.lead.id }}", "status": "qualified" } },
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_acts_once_for_each_event_that_its_conditions_hold_for_and_for_no_other() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let (server, url) = site.serve().await;
    let worker = site.worker(&world).await;
    for (name, budget, log_misses) in [("greet", 1_000, false), ("watch", 1_000_000, true)] {
        let made = site.post(&url, "rules", name, &rule(name, budget, log_misses)).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let mut asleep = rule("sleep", 0, true);
    asleep["enabled"] = json!(false);
    let made = site.post(&url, "rules", "sleep", &asleep).await;
    assert_eq!(made.status, 201, "{}", made.body);
    for (name, source, budget) in [
        ("ada", "fair", json!(3000)),
        ("bob", "manual", json!(3000)),
        ("eve", "fair", json!(10)),
        ("joe", "fair", json!("a lot")),
    ] {
        let lead = json!({ "email": format!("{name}@example.com"), "name": name, "source": source,
                           "fields": if budget.is_string() { json!({ "said": budget }) } else { json!({ "budget": budget }) } });
        let made = site.post(&url, "leads", name, &lead).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    // One for Ada, and one for each of the four of the rule that tells of all.
    site.until_count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL", 5).await;
    site.until_count("SELECT (NOT EXISTS (SELECT FROM event_turns))::int::bigint", 1).await;
    site.until_completed(5).await;
    let acted =
        "SELECT count(*) FROM execution_steps WHERE node_id IN ('action_1', 'action_2') AND status = 'completed'";
    assert_eq!(site.count(acted).await, 2);
    let missed = "SELECT count(*) FROM execution_steps WHERE node_id = 'conditions' AND port = 'false'";
    assert_eq!(site.count(missed).await, 4);
    assert_eq!(
        site.count("SELECT count(*) FROM leads WHERE status = 'qualified' AND email = 'ada@example.com'").await,
        1
    );
    assert_eq!(site.count("SELECT count(*) FROM leads WHERE status = 'qualified'").await, 1);
    assert_eq!(world.mails().values().sum::<usize>(), 1);
    worker.end().await;
    let begun = site.count("SELECT count(*) FROM executions").await;
    assert_eq!(begun, 5, "a disabled rule starts nothing, also where it would tell of what it lets pass");
    server.end().await;
}

/// Tells another system of new leads, and has each of them changed.
fn telling(world: &World) -> Value {
    let call = json!({ "url": format!("{}/effect", world.url), "query": { "who": "{{ input.data.lead.email }}" } });
    let change = json!({ "lead_id": "{{ input.data.lead.id }}", "company": "Engines" });
    json!({
        "name": "tell",
        "event": "lead.created",
        "actions": [{ "type": "action.http_request", "config": call }, { "type": "lead.update", "config": change }],
    })
}

/// Hears of each change of a lead, and changes it once more.
fn circle() -> Value {
    let change = json!({ "lead_id": "{{ input.data.lead.id }}", "name": "{{ execution.id }}" });
    json!({ "name": "circle", "event": "lead.updated", "actions": [{ "type": "lead.update", "config": change }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_tells_over_http_and_one_that_hears_of_what_it_changes_is_stopped_with_an_explanation() {
    let (world, _) = World::start().await;
    world.answer();
    let site = Site::new().await;
    let (server, url) = site.serve().await;
    let worker = site.worker(&world).await;
    for rule in [telling(&world), circle()] {
        let made = site.post(&url, "rules", rule["name"].as_str().unwrap(), &rule).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let made = site.post(&url, "leads", "ada", &json!({ "email": "ada@example.com" })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    world.until_called(1).await;
    let stopped = "SELECT count(*) FROM executions WHERE status = 'failed' AND error::text LIKE '%event_loop%' \
        AND error::text LIKE '%in a circle%'";
    site.until_count(stopped, 1).await;
    // The event that a call of the API has made is the first one, and each that follows is one deeper.
    let ended = "SELECT count(*) FROM executions WHERE ended_at IS NOT NULL";
    site.until_count(ended, i64::from(DEPTH_MAX) + 1).await;
    worker.end().await;
    assert_eq!(site.count("SELECT count(*) FROM executions").await, i64::from(DEPTH_MAX) + 1);
    assert_eq!(site.count("SELECT count(*) FROM executions WHERE status <> 'completed'").await, 1);
    assert_eq!(world.calls().values().sum::<usize>(), 1);
    server.end().await;
}
