//! Conditions, reasons and names of ways, and who may take them.

use capstan_domain::access::Role;
use serde_json::{Value, json};

use super::{RECORDS, go, history, made};
use crate::people::member;
use crate::support::{Answer, App, as_json};

/// Defines `deal`, whose ways ask for something.
async fn deals(app: &App) {
    let state = |name: &str| json!({ "name": name, "label": name.to_uppercase() });
    let over = json!({ "name": "signed", "label": "Signed", "kind": "won", "final": true });
    let deal = json!({
        "label": "Deal", "initial": "open", "states": [state("open"), state("offered"), over],
        "transitions": [
            { "from": "open", "to": "offered", "name": "offer", "when": "{{ input.data.amount > 1000 }}",
              "reason": "the amount is too small" },
            { "from": "offered", "to": "open", "name": "withdraw", "needs_reason": true },
            { "from": "offered", "to": "signed", "name": "sign", "by": ["admin", "owner"] },
        ],
    });
    let defined = app.send(as_json(app.request("PUT", "/api/v1/record-types/deal"), &deal)).await;
    assert_eq!(defined.status, 201, "{}", defined.text());
}

async fn as_person(app: &App, token: &str, id: &str, body: Value) -> Answer {
    let request = axum::http::Request::post(format!("{RECORDS}/{id}/transitions"))
        .header("cookie", format!("capstan_session={token}"))
        .header("capstan-workspace", "acme");
    app.send(as_json(request, &body)).await
}

#[tokio::test]
async fn a_condition_over_the_record_decides_and_says_why_not() {
    let app = App::start().await;
    deals(&app).await;
    let small = made(&app, "deal", json!({ "amount": 5 })).await;
    let refused = go(&app, &small, json!({ "name": "offer" })).await;
    assert_eq!(refused.verdict(), "409 transition_forbidden");
    assert_eq!(refused.json()["detail"], "Invalid deal transition: open → offered; the amount is too small");
    let ways = app.get(&format!("{RECORDS}/{small}/transitions")).await.json();
    assert_eq!(ways["items"][0]["why_not"], "the amount is too small");
    let empty = go(&app, &made(&app, "deal", json!({})).await, json!({ "to": "offered" })).await;
    assert_eq!(empty.verdict(), "409 transition_forbidden", "{}", empty.text());
    let large = made(&app, "deal", json!({ "amount": 5000 })).await;
    let ways = app.get(&format!("{RECORDS}/{large}/transitions")).await.json();
    assert_eq!((&ways["items"][0]["name"], &ways["items"][0]["why_not"]), (&json!("offer"), &Value::Null));
    assert_eq!(go(&app, &large, json!({ "name": "offer" })).await.json()["state"], "offered");
    let newest = history(&app, &large).await.remove(0);
    assert_eq!((&newest["transition"], &newest["reason"]), (&json!("offer"), &Value::Null));
}

#[tokio::test]
async fn a_way_may_need_a_reason_and_be_for_some_only() {
    let app = App::start().await;
    deals(&app).await;
    let id = made(&app, "deal", json!({ "amount": 5000 })).await;
    assert_eq!(go(&app, &id, json!({ "to": "offered" })).await.status, 200);
    assert_eq!(go(&app, &id, json!({ "name": "withdraw" })).await.verdict(), "422 reason_required");
    assert_eq!(go(&app, &id, json!({ "name": "withdraw", "reason": "  " })).await.verdict(), "422 reason_required");
    let refused = go(&app, &id, json!({ "name": "sign" })).await;
    assert_eq!(refused.verdict(), "403 transition_not_yours");
    assert_eq!(refused.json()["detail"], "Invalid deal transition: offered → signed; it is for admin, owner");
    let bob = member(&app, app.acme, "bob@example.com", Role::Member).await;
    let ann = member(&app, app.acme, "ann@example.com", Role::Admin).await;
    assert_eq!(as_person(&app, &bob, &id, json!({ "name": "sign" })).await.verdict(), "403 transition_not_yours");
    let back = as_person(&app, &bob, &id, json!({ "name": "withdraw", "reason": "they hesitate" })).await;
    assert_eq!(back.json()["state"], "open", "{}", back.text());
    assert_eq!(go(&app, &id, json!({ "name": "offer" })).await.status, 200);
    assert_eq!(as_person(&app, &ann, &id, json!({ "name": "sign" })).await.json()["state"], "signed");
    let told = history(&app, &id).await;
    assert_eq!(told[0]["by"], json!({ "kind": "user", "name": "ann@example.com" }));
    assert_eq!((&told[2]["by"]["name"], &told[2]["reason"]), (&json!("bob@example.com"), &json!("they hesitate")));
    assert_eq!(told.len(), 5);
}
