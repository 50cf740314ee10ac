//! Expressions are tried out while they are written.

use serde_json::{Value, json};

use crate::support::App;

#[tokio::test]
async fn an_expression_is_previewed_with_what_is_given_and_a_flaw_says_where() {
    let app = App::start().await;
    let preview = async |wish: Value| {
        let answer = app.post("/api/v1/expressions/preview", &wish).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let steps = json!({ "fetch": { "items": [1, 2, 4] } });
    let sum = json!({ "source": "{{ steps.fetch.items | sum + input.n + item }}", "steps": steps, "input": { "n": 10 }, "item": 100 });
    assert_eq!(preview(sum).await, json!({ "value": 117, "error": null }));
    let text = json!({ "source": "Hello {{ input.name }}!", "input": { "name": "Ada" } });
    assert_eq!(preview(text).await["value"], "Hello Ada!");
    let flaw = preview(json!({ "source": "A\n{{ steps.none.x }}" })).await;
    assert_eq!((&flaw["value"], &flaw["error"]["line"]), (&Value::Null, &json!(2)), "{flaw}");
    let costly = preview(json!({ "source": "{{ 'x' * 999999999 }}" })).await;
    assert!(costly["error"]["detail"].is_string(), "{costly}");
    assert_eq!(app.post("/api/v1/expressions/preview", &json!({ "text": "" })).await.verdict(), "400 bad_body");
}
