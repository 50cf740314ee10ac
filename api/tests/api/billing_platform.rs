//! What administrators of the platform see of billing, and do about it.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::billing::{PRO, STARTER, checkout, count, event, example, heard, plan, start, subscribed, told};
use crate::people::send;
use crate::support::App;

/// Puts a row of a workspace into each table of billing that has any.
pub(crate) async fn fill(owner: &mut PgConnection, workspace_id: WorkspaceId) {
    for statement in [
        "INSERT INTO billing_customers (workspace_id, customer_id, linked_by) VALUES ($1, 'c', 'e')",
        "INSERT INTO billing_subscriptions (subscription_id, customer_id, workspace_id, status, prices, event_id, event_at, \
           event_rank) VALUES ('s', 'c', $1, 'active', '{}', 'e', now(), 0)",
        "INSERT INTO billing_events (event_id, entry_id, type, workspace_id, outcome, happened_at, kept_until) \
         VALUES ('e', $1, 't', $1, 'applied', now(), now())",
        "INSERT INTO billing_news (workspace_id, news_id, type, subject, payload) VALUES ($1, $1, 't', 's', '{}')",
    ] {
        sqlx::query(statement).bind(workspace_id.0).execute(&mut *owner).await.unwrap();
    }
}

/// The events that wait for somebody, as `[event_id, outcome]`, newest first.
async fn waiting(app: &App, session: &str) -> Value {
    let shown = send(app, session, "GET", "/platform/billing/events", json!({})).await.json();
    let items = shown["items"].as_array().unwrap().iter();
    items.map(|it| json!([it["event_id"], it["outcome"]])).collect()
}

#[tokio::test]
async fn what_nobody_knows_what_to_do_with_is_answered_kept_and_shown() {
    let (app, session) = start().await;
    assert_eq!(told(&app, &example("customer")).await, "not_used");
    assert_eq!(told(&app, &event("paid", &[("/data/object/currency", json!(7))])).await, "unreadable");
    assert_eq!(told(&app, &example("checkout")).await, "no_workspace");
    let nobody = [("/id", json!("evt_1")), ("/data/object/client_reference_id", json!("acme"))];
    assert_eq!(told(&app, &event("checkout", &nobody)).await, "no_workspace");
    assert_eq!(told(&app, &example("failed")).await, "unknown_customer");
    let expected = json!([
        ["evt_ExampleFailed", "unknown_customer"],
        ["evt_1", "no_workspace"],
        ["evt_ExampleCheckout", "no_workspace"],
        ["evt_ExamplePaid", "unreadable"],
    ]);
    assert_eq!(waiting(&app, &session).await, expected);
    let not_used = send(&app, &session, "GET", "/platform/billing/events?outcome=not_used&limit=1", json!({})).await;
    assert_eq!(not_used.json()["items"][0]["type"], "customer.updated");
    let bad = send(&app, &session, "GET", "/platform/billing/events?outcome=lost", json!({})).await;
    assert_eq!(bad.verdict(), "400 bad_outcome");
    assert_eq!(app.get("/api/v1/platform/billing/events").await.verdict(), "403 not_platform");
}

#[tokio::test]
async fn once_somebody_says_who_pays_all_that_was_told_before_holds() {
    let (app, session) = start().await;
    told(&app, &subscribed("updated", "evt_1", 10, "active", STARTER)).await;
    told(&app, &example("failed")).await;
    let path = |workspace: &str| format!("/platform/tenants/{workspace}/billing/customer");
    let link = async |workspace: &str, customer: &str| {
        send(&app, &session, "PUT", &path(workspace), json!({ "customer_id": customer })).await
    };
    let acme = app.acme.to_string();
    assert_eq!(link(&acme, "cus 1").await.verdict(), "422 bad_customer");
    assert_eq!(link(&Uuid::now_v7().to_string(), "cus_Example1").await.verdict(), "404 not_found");
    let linked = link(&acme, "cus_Example1").await;
    assert_eq!((linked.status.as_u16(), &linked.json()["linked_by"]), (200, &json!("root@example.com")));
    assert_eq!(linked.json()["events"].as_array().unwrap().len(), 2, "{}", linked.text());
    assert_eq!((plan(&app).await, waiting(&app, &session).await), (json!("starter"), json!([])));
    assert_eq!((heard(&app, "tenant.plan_changed").await, heard(&app, "tenant.payment_failed").await), (1, 1));
    // Again it changes nothing, and another workspace does not get the customer.
    assert_eq!(link(&acme, "cus_Example1").await.status, 200);
    assert_eq!(heard(&app, "tenant.plan_changed").await, 1);
    let tenants = send(&app, &session, "GET", "/platform/tenants?q=other", json!({})).await.json();
    let other = tenants["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(link(&other, "cus_Example1").await.verdict(), "409 customer_taken");
    // By hand another customer takes the place, and what the one before had paid for counts no more.
    assert_eq!(link(&acme, "cus_Example2").await.json()["subscriptions"], json!([]));
    assert_eq!(plan(&app).await, "free");
    assert_eq!(link(&other, "cus_Example1").await.json()["plan"], "starter");
}

#[tokio::test]
async fn who_pays_for_a_workspace_is_not_replaced_by_the_checkout_of_somebody_else() {
    let (app, session) = start().await;
    told(&app, &checkout(&app)).await;
    told(&app, &subscribed("updated", "evt_1", 10, "active", PRO)).await;
    let stranger = |id: &str| {
        let workspace = ("/data/object/client_reference_id", json!(app.acme.to_string()));
        event("checkout", &[("/id", json!(id)), ("/data/object/customer", json!("cus_Stranger")), workspace])
    };
    assert_eq!(told(&app, &stranger("evt_2")).await, "other_customer");
    assert_eq!(waiting(&app, &session).await, json!([["evt_2", "other_customer"]]));
    assert_eq!((plan(&app).await, count(&app, "billing_customers").await), (json!("pro"), 1));
    // Once nothing is paid any more, whoever comes may pay.
    told(&app, &subscribed("deleted", "evt_3", 20, "canceled", PRO)).await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let later = "UPDATE billing_subscriptions SET period_ends_at = now(); UPDATE billing_customers SET look_at = now()";
    sqlx::raw_sql(later).execute(&mut owner).await.unwrap();
    app.api.tend_billing().await.unwrap();
    assert_eq!(plan(&app).await, "free");
    assert_eq!(told(&app, &stranger("evt_4")).await, "applied");
    assert_eq!(app.get("/api/v1/billing").await.json()["customer_id"], "cus_Stranger");
}

#[tokio::test]
async fn a_price_that_becomes_a_plan_later_gives_it_to_those_who_pay_it() {
    let (app, session) = start().await;
    told(&app, &checkout(&app)).await;
    assert_eq!(told(&app, &subscribed("updated", "evt_1", 10, "active", "prod_New")).await, "unknown_price");
    assert_eq!(waiting(&app, &session).await, json!([["evt_1", "unknown_price"]]));
    let before = plan(&app).await;
    assert_ne!(before, "pro");
    let set = async |price: &str, method: &str, plan: &str| {
        let path = format!("/platform/billing/prices/{price}");
        send(&app, &session, method, &path, json!({ "plan": plan })).await.verdict()
    };
    assert_eq!(set("prod_New", "PUT", "gold").await, "422 unknown_plan");
    assert_eq!(set("prod%20New", "PUT", "pro").await, "422 bad_price");
    assert_eq!(set("prod_New", "PUT", "pro").await, "200");
    assert_eq!((plan(&app).await, waiting(&app, &session).await), (json!("pro"), json!([])));
    // Who pays what stands for nothing any more keeps the plan.
    assert_eq!(set("prod_New", "DELETE", "").await, "204");
    assert_eq!(set("prod_New", "DELETE", "").await, "404 not_found");
    assert_eq!(plan(&app).await, "pro");
    let prices = send(&app, &session, "GET", "/platform/billing/prices", json!({})).await.json();
    assert_eq!(
        (prices["items"].as_array().unwrap().len(), &prices["items"][0]["set_by"]),
        (2, &json!("root@example.com"))
    );
    assert_eq!(count(&app, "billing_price_changes WHERE price = 'prod_New'").await, 2);
}

#[tokio::test]
async fn what_is_kept_of_events_is_bounded() {
    let (app, _) = start().await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    for statement in [
        "INSERT INTO billing_events (event_id, entry_id, type, customer_id, outcome, happened_at, kept_until) \
         SELECT 'old_' || n, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'invoice.paid', 'c', \
           'unknown_customer', now(), now() + interval '1 day' FROM generate_series(1, 1005) AS n",
        "INSERT INTO billing_events (event_id, entry_id, type, outcome, happened_at, kept_until) \
         SELECT 'over_' || n, gen_random_uuid(), 'customer.updated', 'not_used', now(), now() - interval '1 day' \
           FROM generate_series(1, 3) AS n",
        "INSERT INTO billing_subscriptions (subscription_id, customer_id, status, prices, event_id, event_at, event_rank, changed_at) \
         SELECT 'old_' || n, 'c', 'active', '{}', 'e', now(), 0, now() - n * interval '1 second' \
           FROM generate_series(1, 1005) AS n",
    ] {
        sqlx::query(statement).execute(&mut owner).await.unwrap();
    }
    assert_eq!(told(&app, &subscribed("updated", "evt_1", 10, "active", STARTER)).await, "unknown_customer");
    assert_eq!(count(&app, "billing_events").await, 1_000);
    assert_eq!(count(&app, "billing_events WHERE event_id IN ('evt_1', 'old_1005', 'old_7', 'old_6')").await, 3);
    assert_eq!(count(&app, "billing_subscriptions").await, 1_000);
    assert_eq!(count(&app, "billing_subscriptions WHERE subscription_id IN ('sub_Example1', 'old_1')").await, 2);
}
