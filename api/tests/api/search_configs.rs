//! Workflows are found by what their nodes are configured with.

use serde_json::{Value, json};

use crate::support::{App, chain};

async fn found(app: &App, config: &Value) -> Vec<String> {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("config", &config.to_string()).finish();
    let answer = app.get(&format!("/api/v1/workflows?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Starts by hand, then waits.
fn waits(for_ms: u32) -> Value {
    chain(&[("start", "trigger.manual", json!({})), ("wait", "logic.delay", json!({ "for_ms": for_ms }))])
}

#[tokio::test]
async fn workflows_are_found_whose_published_version_has_a_value_in_the_configuration_of_a_node() {
    let app = App::start().await;
    let (one, other) = (app.publish(&waits(4_711)).await, app.publish(&waits(4_712)).await);
    assert_eq!(found(&app, &json!({ "for_ms": 4_711 })).await, [one.as_str()]);
    assert_eq!(found(&app, &json!({ "for_ms": 4_712 })).await, [other.as_str()]);
    assert!(found(&app, &json!({ "for_ms": 4_713 })).await.is_empty());
    assert!(found(&app, &json!({ "for": 4_711 })).await.is_empty());

    // A version that is not the newest one any more does not count.
    let path = format!("/api/v1/workflows/{one}/draft");
    let save = app.request("PUT", &path).header("if-match", "\"1\"");
    let saved = app.send(crate::support::as_json(save, &json!({ "graph": waits(9) }))).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(app.post_nothing(&format!("/api/v1/workflows/{one}/publish")).await.status, 201);
    assert!(found(&app, &json!({ "for_ms": 4_711 })).await.is_empty());
    assert_eq!(found(&app, &json!({ "for_ms": 9 })).await, [one.as_str()]);

    let mut stranger = app.another_process();
    stranger.key.clone_from(&app.other_key);
    assert!(found(&stranger, &json!({ "for_ms": 9 })).await.is_empty());
    for bad in ["9", "%7B%7D", "%7B%22a%22%3A%5B%5D%7D", "x", "%7B%22a%22%3A%22%5Cu0000%22%7D"] {
        assert_eq!(app.get(&format!("/api/v1/workflows?config={bad}")).await.verdict(), "400 bad_config", "{bad}");
    }
}
