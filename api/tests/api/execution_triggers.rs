//! Triggers that wait for ends of executions, as they are published.

use serde_json::{Value, json};

use crate::support::{App, as_json, chain, simple};

fn at_end(config: Value) -> Value {
    chain(&[("ended", "trigger.execution", config), ("a", "debug.noop", json!({}))])
}

impl App {
    /// Makes a workflow of that name; answers the path of it.
    async fn make(&self, name: &str, graph: &Value) -> String {
        let made = self.post("/api/v1/workflows", &json!({ "name": name, "graph": graph })).await;
        assert_eq!(made.status, 201, "{}", made.text());
        format!("/api/v1/workflows/{}", made.json()["id"].as_str().unwrap())
    }
}

#[tokio::test]
async fn a_trigger_names_workflows_of_its_workspace_and_not_its_own() {
    let app = App::start().await;
    let billing = app.make("billing", &simple()).await;
    for (said, code) in [
        (json!(["billing", "gone"]), "unknown_workflow"),
        (json!("01927f3e-2c50-7000-8000-000000000001"), "unknown_workflow"),
        (json!(["billing", "watch"]), "waits_for_itself"),
    ] {
        let watch = app.make("watch", &at_end(json!({ "workflows": said }))).await;
        let refused = app.post_nothing(&format!("{watch}/publish")).await;
        assert_eq!(refused.verdict(), "422 invalid_graph", "{}", refused.text());
        let found = &refused.json()["errors"][0];
        assert_eq!((&found["code"], &found["node_id"]), (&json!(code), &json!("ended")), "{found}");
        assert_eq!(found["pointer"], "/nodes/0/data/config/workflows");
        let validated = app.post_nothing(&format!("{watch}/validate")).await.json();
        assert_eq!((&validated["valid"], &validated["problems"][0]["code"]), (&json!(false), &json!(code)));
    }
    assert_eq!(app.count("execution_triggers").await, 0);
    let id = billing.rsplit('/').next().unwrap();
    for said in [json!({ "workflows": "billing" }), json!({ "workflows": [id] }), json!({})] {
        let watch = app.make("another", &at_end(said)).await;
        assert_eq!(app.post_nothing(&format!("{watch}/publish")).await.status, 201);
    }
    assert_eq!(app.count(&format!("execution_triggers WHERE sources = ARRAY['{id}'::uuid]")).await, 2);
    assert_eq!(app.count("execution_triggers").await, 3);
}

#[tokio::test]
async fn a_trigger_is_kept_in_step_with_what_is_published() {
    let app = App::start().await;
    let watch = app.make("watch", &at_end(json!({ "outcomes": ["failed"] }))).await;
    assert_eq!(app.post_nothing(&format!("{watch}/publish")).await.status, 201);
    assert_eq!(app.count("execution_triggers WHERE outcomes = ARRAY['failed'] AND sources IS NULL").await, 1);
    let draft = app.get(&watch).await;
    let request = app.request("PUT", &format!("{watch}/draft")).header("if-match", draft.header("etag").unwrap());
    assert_eq!(app.send(as_json(request, &json!({ "graph": simple() }))).await.status, 200);
    assert_eq!(app.count("execution_triggers").await, 1, "a draft changes nothing");
    assert_eq!(app.post_nothing(&format!("{watch}/publish")).await.status, 201);
    assert_eq!(app.count("execution_triggers").await, 0);
}
