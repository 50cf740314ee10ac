//! Parents and children, as the API shows them.

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::App;

/// A workflow whose one step calls another.
fn caller() -> Value {
    json!({
        "nodes": [
            { "id": "start", "type": "trigger.manual", "position": { "x": 0, "y": 0 } },
            { "id": "call", "type": "logic.sub_workflow", "position": { "x": 0, "y": 0 },
              "data": { "config": { "workflow": "b" } } },
        ],
        "edges": [{ "id": "e", "source": "start", "target": "call" }],
    })
}

/// An execution whose step waits for a child, as a worker would have written it; answers both and the child's version.
async fn family(app: &App) -> (String, ExecutionId, Value) {
    let id = app.begin(&app.publish(&caller()).await).await;
    let shown = app.get(&format!("/api/v1/executions/{id}")).await.json();
    let child = ExecutionId::new().of_child();
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let until = json!({ "signal": "$child:call", "child": { "execution_id": child, "workflow_id": shown["workflow_id"],
        "version_id": shown["version_id"], "on_cancel": "cancel" } });
    for statement in [
        format!(
            "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
             SELECT '{child}', workspace_id, workflow_id, version_id, trigger_node_id, '7' FROM executions"
        ),
        format!(
            "INSERT INTO children (child_id, workspace_id, parent_id, node_id, root_id, depth, signal) \
             VALUES ('{child}', '{}', '{id}', 'call', '{id}', 1, '$child:call')",
            app.acme
        ),
        format!(
            "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, detail, recorded_at) \
             VALUES ('{id}', 1, '{}', 1, 'waiting', 'call', '{until}', now())",
            app.acme
        ),
    ] {
        sqlx::query(&statement).execute(&mut owner).await.unwrap();
    }
    (id, child, shown["version_id"].clone())
}

#[tokio::test]
async fn a_parent_shows_its_children_and_a_child_its_parent() {
    let app = App::start().await;
    let (id, child, _) = family(&app).await;
    let parent = json!({ "execution_id": id, "node_id": "call", "scope": "", "root_id": id, "depth": 1 });
    let shown = app.get(&format!("/api/v1/executions/{id}")).await.json();
    assert_eq!((&shown["children"][0]["id"], shown.get("parent")), (&json!(child), None));
    assert_eq!(shown["steps"][1]["waiting"]["child"]["execution_id"], json!(child));
    let shown = app.get(&format!("/api/v1/executions/{child}")).await.json();
    assert_eq!((&shown["parent"], shown.get("children")), (&parent, None));
    let all = app.get("/api/v1/executions").await.json();
    let parents: Vec<Option<&Value>> = all["items"].as_array().unwrap().iter().map(|item| item.get("parent")).collect();
    assert_eq!(parents, [Some(&parent), None]);
    let below = app.get(&format!("/api/v1/executions?parent_id={id}")).await.json();
    assert_eq!((&below["items"][0]["id"], below["items"].as_array().unwrap().len()), (&json!(child), 1));
    let both = app.get(&format!("/api/v1/executions?parent_id={id}&workflow_id={id}")).await;
    assert_eq!(both.verdict(), "400 bad_query");
    assert_eq!(app.get("/api/v1/executions?parent_id=x").await.status, 404);
}

#[tokio::test]
async fn an_execution_that_waits_for_a_child_says_for_which_and_how_that_stands() {
    let app = App::start().await;
    let (id, child, version_id) = family(&app).await;
    let told = app.get(&format!("/api/v1/executions/{id}/explain")).await.json();
    // Before it, that there is no worker.
    let reason = told["reasons"].as_array().unwrap().last().unwrap();
    assert_eq!((&reason["waits_for"], &reason["execution_id"]), (&json!("child"), &json!(child)));
    assert_eq!((&reason["version_id"], &reason["status"]), (&version_id, &json!("queued")));
    assert_eq!(reason["step"], json!({ "node_id": "call", "scope": "" }));
}

#[tokio::test]
async fn a_step_that_called_another_workflow_can_be_tried_again_unless_it_still_waits() {
    let app = App::start().await;
    let (id, ..) = family(&app).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let set_aside = "UPDATE executions SET status = 'incident', error = '{\"reason\": \"it broke\"}'";
    sqlx::query(set_aside).execute(&mut owner).await.unwrap();
    let (path, retry) = (format!("/api/v1/executions/{id}/resolve"), json!({ "action": "retry", "step": "call" }));
    assert_eq!(app.post(&path, &retry).await.verdict(), "409 cannot_resolve");
    // It had heard of the end, and could not read the output.
    let rest = [
        ("signalled", "NULL", json!({ "signal_id": ExecutionId::new() })),
        (
            "attempt_failed",
            "1",
            json!({ "error": { "class": "calls", "reason": "y" }, "retry_at": "2099-01-01T00:00:00Z" }),
        ),
    ];
    for (position, (kind, attempts, detail)) in (2..).zip(rest) {
        let row = format!(
            "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, attempts, detail, recorded_at) \
             SELECT execution_id, {position}, workspace_id, 1, '{kind}', 'call', {attempts}, '{detail}', now() \
               FROM journal WHERE position = 1"
        );
        sqlx::query(&row).execute(&mut owner).await.unwrap();
    }
    let answer = app.post(&path, &retry).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["step"]["node_id"]), (202, &json!("call")));
}

/// A for-each that hands its items over, and an execution that runs a chunk of them, as a worker would have started it.
async fn chunk(app: &App) -> ExecutionId {
    let document = json!({
        "nodes": [
            { "id": "start", "type": "trigger.manual", "position": { "x": 0, "y": 0 } },
            { "id": "each", "type": "logic.for_each", "position": { "x": 0, "y": 0 },
              "data": { "config": { "items": "{{ input.items }}", "spill": {} } } },
            { "id": "a", "type": "debug.noop", "parentId": "each", "position": { "x": 0, "y": 0 } },
        ],
        "edges": [{ "id": "e", "source": "start", "target": "each" }],
    });
    let id = app.begin(&app.publish(&document).await).await;
    let chunk = ExecutionId::new().of_child();
    let given = json!({ "execution_id": id, "items": [7, 8], "first": 300, "parallel": 1, "tolerated": 0 });
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    for statement in [
        format!(
            "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
             SELECT '{chunk}', workspace_id, workflow_id, version_id, 'each', '{given}' FROM executions"
        ),
        format!(
            "INSERT INTO children (child_id, workspace_id, parent_id, node_id, scope, root_id, depth, signal) \
             VALUES ('{chunk}', '{}', '{id}', 'each.chunk', 'each[300]', '{id}', 1, '$child:each[300]/each.chunk')",
            app.acme
        ),
    ] {
        sqlx::query(&statement).execute(&mut owner).await.unwrap();
    }
    chunk
}

#[tokio::test]
async fn a_chunk_shows_its_items_where_they_stand_in_the_list_and_is_restarted_with_its_parent() {
    let app = App::start().await;
    let chunk = chunk(&app).await;
    let path = format!("/api/v1/executions/{chunk}");
    let shown = app.get(&path).await.json();
    let scopes: Vec<&Value> = shown["steps"].as_array().unwrap().iter().map(|step| &step["scope"]).collect();
    assert!(scopes.contains(&&json!("each[300]")), "{shown}");
    assert_eq!((&shown["trigger"], &shown["parent"]["node_id"]), (&json!("each"), &json!("each.chunk")));
    assert_eq!(app.get(&format!("{path}/explain")).await.status, 200);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'failed', ended_at = now()").execute(&mut owner).await.unwrap();
    let refused = app.post(&format!("{path}/restart"), &json!({ "from": "each" })).await;
    assert_eq!((refused.status.as_u16() / 100, &refused.json()["hint"]), (4, &json!("restart its parent")));
    let draft = format!("/api/v1/workflows/{}/draft", shown["workflow_id"].as_str().unwrap());
    let over = app.post(&format!("{draft}/simulate"), &json!({ "of_execution": chunk })).await;
    assert_eq!(over.verdict(), "422 is_chunk");
    let backtest = app.post(&format!("{draft}/backtest"), &json!({})).await.json();
    assert_eq!(backtest["executions"].as_array().map(Vec::len), Some(1), "the parent alone: {backtest}");
}
