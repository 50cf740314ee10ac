//! A caller waits for an answer while the worker that was to give it is killed.

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::graphs::call;
use crate::site::Site;
use crate::world::World;

/// A hook that calls outside, answers, and then waits for a person.
fn hook(world: &World) -> Value {
    let trigger = json!({ "path": "orders", "respond": "with_respond_node", "respond_timeout": "60s" });
    let answer =
        json!({ "status": 201, "headers": { "x-order": "{{ input.body.id }}" }, "body": "{{ steps.effect.body }}" });
    let nodes = [
        ("in", "trigger.webhook", trigger),
        call("effect", format!("{}/effect", world.url)),
        ("answer", "logic.respond", answer),
        ("person", "logic.wait_for_signal", json!({ "signal": "go" })),
    ];
    let drawn: Vec<Value> = nodes
        .iter()
        .map(|(id, kind, config)| json!({ "id": id, "type": kind, "data": { "config": config } }))
        .collect();
    let edge = |pair: &[(&str, &str, Value)]| json!({ "id": pair[1].0, "source": pair[0].0, "target": pair[1].0 });
    json!({ "nodes": drawn, "edges": nodes.windows(2).map(edge).collect::<Vec<_>>() })
}

async fn order(url: &str) -> Response {
    let request = Client::new().post(format!("{url}/hooks/acme/orders")).header("webhook-id", "order-7");
    request.json(&json!({ "id": 7 })).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_gets_its_answer_though_the_worker_is_killed_before_it_and_the_server_after_it() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let (server, url) = site.serve().await;
    let victim = site.worker(&world).await;
    let made = site.post(&url, "workflows", "hook", &json!({ "name": "hook", "graph": hook(&world) })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let publish = format!("workflows/{}/publish", made.body["id"].as_str().unwrap());
    let published = site.post(&url, &publish, "publish", &json!({})).await;
    assert_eq!(published.status, 201, "{}", published.body);

    let caller = tokio::spawn({
        let url = url.clone();
        async move { order(&url).await }
    });
    world.until_called(1).await;
    site.kill9_holding(victim).await;
    assert!(!caller.is_finished(), "nobody could have answered");
    world.answer();
    let heir = site.worker(&world).await;
    let answer = caller.await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["x-order"]), (201, &"7".parse().unwrap()));
    let id = answer.headers()["capstan-execution-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.text().await.unwrap(), "done");
    site.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 1).await;

    server.kill9().await;
    let (server, url) = site.serve().await;
    let again = order(&url).await;
    assert_eq!((again.status().as_u16(), &again.headers()["idempotent-replayed"]), (201, &"true".parse().unwrap()));
    assert_eq!(again.text().await.unwrap(), "done", "the answer is in the journal");
    let sent = site.post(&url, &format!("executions/{id}/signals/go"), "go", &json!({})).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    assert_eq!(site.until_ended(id.parse().unwrap()).await.0, "completed", "the execution goes on after its answer");
    site.assert_settled_once(3).await;
    heir.end().await;
    server.end().await;
}
