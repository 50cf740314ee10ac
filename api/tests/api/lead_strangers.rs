//! What a stranger can do to leads through a form, and what is no fault of theirs.

use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::lead_forms::{ada, form, public};
use crate::support::{App, as_json};

async fn lead(app: &App, id: &str) -> Value {
    app.get(&format!("/api/v1/leads/{id}")).await.json()
}

/// `left_out` of the newest submission.
async fn left_out(app: &App, id: &str) -> Value {
    let events = app.get(&format!("/api/v1/leads/{id}/events")).await.json();
    let mut newest_first = events["items"].as_array().unwrap().iter();
    newest_first.find(|row| row["type"] == "form_submitted").map(|row| row["data"]["left_out"].clone()).unwrap()
}

async fn define(app: &App, name: &str, kind: &str) {
    let path = format!("/api/v1/lead-fields/{name}");
    let put = app.send(as_json(app.request("PUT", &path), &json!({ "label": name, "type": kind }))).await;
    assert_eq!(put.status, 200, "{}", put.text());
}

/// Codes of the warnings of a form, with their nodes.
async fn warnings(app: &App, graph: &Value) -> Value {
    let judged = app.post("/api/v1/workflows/validate", &json!({ "graph": graph })).await.json();
    assert_eq!(judged["valid"], true, "{judged}");
    judged["proof"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["severity"] == "warning")
        .map(|it| json!([it["code"], it["node_id"], it["detail"].as_str().unwrap().split('"').nth(1)]))
        .collect()
}

#[tokio::test]
async fn a_stranger_fills_in_what_a_lead_lacks_and_changes_nothing_that_it_has() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    let made = json!({ "email": "ada@example.com", "company": "Analytical", "fields": { "budget": 9000 } });
    let id = app.post("/api/v1/leads", &made).await.json()["id"].as_str().unwrap().to_owned();
    let mut sent = ada(1);
    sent["due"] = json!("2026-01-31");
    assert_eq!(public(&app, &sent).await.json()["lead_id"], json!(id));
    let after = lead(&app, &id).await;
    assert_eq!(after["fields"], json!({ "budget": 9000, "due": "2026-01-31" }));
    assert_eq!((&after["name"], &after["source"]), (&json!("Ada"), &json!("manual")));
    // What was sent is kept, with what is not in the lead.
    assert_eq!(left_out(&app, &id).await, json!({ "budget": "has_value" }));
    sent["full_name"] = json!("Mallory");
    sent["due"] = json!("2027-12-31");
    assert_eq!(public(&app, &sent).await.status, 202);
    let again = lead(&app, &id).await;
    assert_eq!((&again["name"], &again["fields"]), (&after["name"], &after["fields"]));
    assert_eq!(left_out(&app, &id).await, json!({ "budget": "has_value", "due": "has_value" }));
}

#[tokio::test]
async fn no_visitor_is_turned_away_for_what_only_the_author_can_mend_and_the_author_is_warned() {
    let app = App::start().await;
    let graph = form(json!({}));
    assert_eq!(warnings(&app, &graph).await, json!([]));
    define(&app, "budget", "text").await;
    define(&app, "due", "number").await;
    let expected = json!([["lead_field_type", "form", "budget"], ["lead_field_type", "form", "due"]]);
    assert_eq!(warnings(&app, &graph).await, expected);
    let id = app.publish(&graph).await;
    let published = app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await.json();
    assert_eq!(published["proof"]["findings"][0]["code"], "lead_field_type");
    let mut sent = ada(3000);
    sent["due"] = json!("2026-01-31");
    let taken = public(&app, &sent).await;
    assert_eq!(taken.status, 202, "{}", taken.text());
    let id = taken.json()["lead_id"].as_str().unwrap().to_owned();
    assert_eq!(lead(&app, &id).await["fields"], json!({ "budget": "3000" }));
    assert_eq!(left_out(&app, &id).await, json!({ "due": "wrong_type" }));

    // No room for one more field or source.
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    for fill in [
        "INSERT INTO lead_sources (workspace_id, name) SELECT $1, 's' || n FROM generate_series(1, 499) AS n",
        "INSERT INTO lead_fields (workspace_id, name, label, type) SELECT $1, 'f' || n, 'F', 'text' \
           FROM generate_series(1, 298) AS n",
    ] {
        sqlx::query(fill).bind(app.acme.0).execute(&mut owner).await.unwrap();
    }
    let another = form(json!({ "path": "another", "fields": [
        { "name": "email", "label": "E-mail", "type": "email" }, { "name": "size", "label": "Size" },
    ], "lead": {} }));
    let expected = json!([["lead_fields_full", "form", "size"], ["lead_sources_full", "form", "form"]]);
    assert_eq!(warnings(&app, &another).await, expected);
    app.publish(&another).await;
    for address in ["bob@example.com", "eve@example.com"] {
        let sent = json!({ "workspace": "acme", "form": "another", "email": address, "size": "L" });
        let taken = public(&app, &sent).await;
        assert_eq!(taken.status, 202, "{}", taken.text());
        let id = taken.json()["lead_id"].as_str().unwrap().to_owned();
        let shown = lead(&app, &id).await;
        assert_eq!((&shown["source"], &shown["fields"]), (&json!("other"), &json!({})));
        assert_eq!(left_out(&app, &id).await, json!({ "size": "too_many_fields" }));
    }
    let sources = app.get("/api/v1/lead-sources").await.json();
    assert_eq!(sources["items"].as_array().unwrap().len(), 501);
}
