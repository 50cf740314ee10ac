//! Automation rules as workers run them.

use capstan_domain::events::DEPTH_MAX;
use capstan_domain::leads::{Act, Desk, Done, LeadPatch, Which};
use capstan_domain::records;
use capstan_domain::rules::{Definition, compile};
use capstan_engine::core::ids::ExecutionId;
use serde_json::json;

use crate::support::Cell;

#[tokio::test]
async fn a_rule_that_hears_of_what_it_changes_itself_stops_with_an_explanation() {
    let cell = Cell::new().await;
    let change = json!({ "lead_id": "{{ input.data.lead.id }}", "name": "{{ input.data.lead.name }}x" });
    let rule = json!({ "event": "lead.updated", "actions": [{ "type": "lead.update", "config": change }] });
    let rule: Definition = serde_json::from_value(rule).unwrap();
    cell.publish_as("rule", &compile(&rule)).await;
    let worker = cell.worker().await;
    let desk = Desk::new(&cell.place);
    let named = |name: &str| LeadPatch { name: Some(name.into()), ..LeadPatch::default() };
    let new = LeadPatch { email: Some("ada@example.com".into()), ..named("Ada") };
    let which = Which::Email("ada@example.com".into());
    for (once, act) in [
        ("$step:a", Act::Create { patch: new, status: None }),
        ("$step:b", Act::Update { which, patch: named("Ada L") }),
    ] {
        let done = desk.act(cell.workspace_id, ExecutionId::new(), once, &act).await.unwrap();
        assert!(matches!(done, Some(Done::Acted(_))), "{done:?}");
    }
    let stopped = "SELECT count(*) FROM executions WHERE status = 'failed' AND error::text LIKE '%event_loop%'";
    cell.until_count(stopped, 1).await;
    cell.until_count("SELECT count(*) FROM event_turns", 0).await;
    let heard = cell.count("SELECT count(*) FROM events WHERE type = 'lead.updated'").await;
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, heard, "each change starts the rule once");
    assert!((2..=i64::from(DEPTH_MAX) + 1).contains(&heard), "{heard}");
    worker.drain().await;
}

#[tokio::test]
async fn a_rule_changes_the_record_that_it_hears_of_and_tells_members_of_it() {
    let cell = Cell::new().await;
    let change = json!({ "record_id": "{{ input.data.record.id }}", "data": { "seen": true } });
    let tell = json!({ "text": "{{ input.data.record.data.client }} is new.", "roles": ["member"] });
    let actions = json!([{ "type": "record.update", "config": change }, { "type": "action.notify", "config": tell }]);
    let rule: Definition = serde_json::from_value(json!({ "event": "record.created", "actions": actions })).unwrap();
    cell.publish_as("rule", &compile(&rule)).await;
    let worker = cell.worker().await;
    let data = json!({ "client": "Engines" }).as_object().unwrap().clone();
    let create = records::Act::Create { type_name: "pursuit".into(), data };
    let desk = records::Desk::new(&cell.place);
    let done = desk.act(cell.workspace_id, ExecutionId::new(), "$step:a", &create).await.unwrap();
    assert!(matches!(done, Some(records::Done::Acted(_))), "{done:?}");
    cell.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", 1).await;
    let changed = r#"SELECT count(*) FROM records WHERE data = '{"client": "Engines", "seen": true}' AND revision = 2"#;
    assert_eq!(cell.count(changed).await, 1);
    let told = "SELECT count(*) FROM notices n JOIN executions e ON n.page = 'executions/' || e.execution_id \
        WHERE n.kind = 'workflow.notice' AND n.summary = 'Engines is new.' AND n.told_roles = '{member}'";
    assert_eq!(cell.count(told).await, 1);
    worker.drain().await;
}
