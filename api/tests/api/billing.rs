//! Events of the provider of payments: signed, taken in once in whatever order, and what they make of a workspace. Bodies are made of
//! the examples of `domain/src/billing`, signatures by the published scheme. `scripts/stripe.sh` asks the vendor's own library, too.

use axum::body::Body;
use axum::http::Request;
use capstan_api::{ApiSettings, BillingSettings};
use capstan_domain::access::Role;
use capstan_domain::billing::SigningSecrets;
use capstan_domain::quotas::{PlanChange, set_plan};
use capstan_engine::store::connect;
use chrono::Utc;
use futures::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::people::{member, send};
use crate::support::{Answer, App};
use crate::tenants::admin;

const ROUTE: &str = "/api/public/billing/stripe";
const SECRET: &str = "whsec_of_today";
const OLD_SECRET: &str = "whsec_of_yesterday";
pub(crate) const STARTER: &str = "price_ExampleStarter";
pub(crate) const PRO: &str = "prod_ExamplePro";
const HOUR_S: i64 = 3_600;

fn settings(settings: &mut ApiSettings) {
    let secrets = SigningSecrets::parse(&format!("{SECRET},{OLD_SECRET}")).unwrap();
    settings.billing = BillingSettings { secrets, ..BillingSettings::default() };
}

/// An installation that knows two prices, and a session of its administrator.
pub(crate) async fn start() -> (App, String) {
    let app = App::start_with(|all, _| settings(all)).await;
    let session = admin(&app).await;
    for (price, plan) in [(STARTER, "starter"), (PRO, "pro")] {
        let path = format!("/platform/billing/prices/{price}");
        let set = send(&app, &session, "PUT", &path, json!({ "plan": plan })).await;
        assert_eq!((set.status.as_u16(), &set.json()["plan"]), (200, &json!(plan)), "{}", set.text());
    }
    (app, session)
}

pub(crate) fn example(name: &str) -> Value {
    let text = match name {
        "checkout" => include_str!("../../../domain/src/billing/examples/checkout_session_completed.json"),
        "created" => include_str!("../../../domain/src/billing/examples/subscription_created.json"),
        "updated" => include_str!("../../../domain/src/billing/examples/subscription_updated.json"),
        "deleted" => include_str!("../../../domain/src/billing/examples/subscription_deleted.json"),
        "paid" => include_str!("../../../domain/src/billing/examples/invoice_paid.json"),
        "failed" => include_str!("../../../domain/src/billing/examples/invoice_payment_failed.json"),
        "customer" => include_str!("../../../domain/src/billing/examples/customer_updated.json"),
        other => panic!("there is no example {other}"),
    };
    serde_json::from_str(text).unwrap()
}

/// The example with other values at pointers.
pub(crate) fn event(name: &str, changes: &[(&str, Value)]) -> Value {
    let mut event = example(name);
    for (pointer, value) in changes {
        *event.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is not in {name}")) = value.clone();
    }
    event
}

/// An event of the subscription `sub_Example1` at a second, whose period ends in an hour.
pub(crate) fn subscribed(name: &str, id: &str, at_s: i64, status: &str, product: &str) -> Value {
    let price = if product == PRO { "price_ExamplePro" } else { product };
    event(
        name,
        &[
            ("/id", json!(id)),
            ("/created", json!(at_s)),
            ("/data/object/status", json!(status)),
            ("/data/object/items/data/0/price/id", json!(price)),
            ("/data/object/items/data/0/price/product", json!(product)),
            ("/data/object/items/data/0/current_period_end", json!(Utc::now().timestamp() + HOUR_S)),
        ],
    )
}

pub(crate) fn checkout(app: &App) -> Value {
    event("checkout", &[("/data/object/client_reference_id", json!(app.acme.to_string()))])
}

fn signature(secret: &str, at_s: i64, body: &str) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at_s}.{body}").as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={at_s},v1={digits}")
}

async fn post(app: &App, signature: Option<&str>, body: &str) -> Answer {
    let mut request = Request::post(ROUTE).header("content-type", "application/json; charset=utf-8");
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Sends an event that is signed now; what became of it.
pub(crate) async fn told(app: &App, event: &Value) -> String {
    let body = event.to_string();
    let answer = post(app, Some(&signature(SECRET, Utc::now().timestamp(), &body)), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["outcome"].as_str().unwrap().to_owned()
}

/// The plan in `control`, and as the cell has it.
pub(crate) async fn plan(app: &App) -> Value {
    let shown = app.get("/api/v1/billing").await.json()["plan"].clone();
    assert_eq!(app.get("/api/v1/usage").await.json()["plan"], shown, "the cell has another plan");
    shown
}

/// How many events of a type the workspace was told; each has its line in the audit log.
pub(crate) async fn heard(app: &App, type_name: &str) -> i64 {
    let events = app.count(&format!("outbox WHERE type = '{type_name}'")).await;
    let audited = app.count(&format!("audit_log WHERE by_kind = 'billing' AND action = '{type_name}'")).await;
    assert_eq!(events, audited, "{type_name}");
    events
}

#[tokio::test]
async fn what_is_paid_gives_the_plan_whichever_event_comes_first() {
    let (app, _) = start().await;
    assert_eq!(app.get("/api/v1/billing").await.json()["customer_id"], Value::Null);
    // Of the subscription and its first invoice it is told before anybody knows whose they are.
    assert_eq!(told(&app, &subscribed("created", "evt_1", 10, "incomplete", STARTER)).await, "unknown_customer");
    assert_eq!(told(&app, &subscribed("updated", "evt_2", 10, "active", STARTER)).await, "unknown_customer");
    assert_eq!(told(&app, &example("paid")).await, "unknown_customer");
    assert_eq!(told(&app, &checkout(&app)).await, "applied");
    assert_eq!(plan(&app).await, "starter");
    assert_eq!((heard(&app, "tenant.plan_changed").await, heard(&app, "tenant.invoice_paid").await), (1, 1));
    let shown = app.get("/api/v1/billing").await.json();
    assert_eq!((&shown["customer_id"], &shown["plan_ends_at"]), (&json!("cus_Example1"), &Value::Null));
    let subscription = &shown["subscriptions"][0];
    assert_eq!((&subscription["subscription_id"], &subscription["status"]), (&json!("sub_Example1"), &json!("active")));
    assert_eq!((&shown["invoices"][0]["is_paid"], &shown["invoices"][0]["amount"]), (&json!(true), &json!(2_900)));
    // From then on each change counts at once.
    assert_eq!(told(&app, &subscribed("updated", "evt_3", 20, "active", PRO)).await, "applied");
    assert_eq!(plan(&app).await, "pro");
    assert_eq!(told(&app, &example("failed")).await, "applied");
    assert_eq!(heard(&app, "tenant.payment_failed").await, 1);
    // A payment that fails marks the subscription, and no more.
    assert_eq!(told(&app, &subscribed("updated", "evt_4", 30, "past_due", PRO)).await, "applied");
    assert_eq!(plan(&app).await, "pro");
    assert_eq!(app.get("/api/v1/billing").await.json()["subscriptions"][0]["status"], "past_due");
    assert_eq!(heard(&app, "tenant.plan_changed").await, 2);
}

#[tokio::test]
async fn what_no_secret_of_ours_has_signed_now_is_refused_and_changes_nothing() {
    let (app, _) = start().await;
    let (body, now_s) = (checkout(&app).to_string(), Utc::now().timestamp());
    let good = signature(SECRET, now_s, &body);
    let (time, digits) = good.split_once(',').unwrap();
    for bad in [
        None,
        Some(String::new()),
        Some(digits.to_owned()),
        Some(time.to_owned()),
        Some(format!("{time}, {digits}")),
        Some(format!("{time},{}", digits.to_uppercase())),
        Some(format!("{time},{}", digits.replace("v1", "v0"))),
        Some(signature("whsec_of_others", now_s, &body)),
        Some(signature(SECRET, now_s - 400, &body)),
        Some(signature(SECRET, now_s + 400, &body)),
        Some(signature(SECRET, now_s, &format!("{body} "))),
    ] {
        let answer = post(&app, bad.as_deref(), &body).await;
        assert_eq!(answer.verdict(), "401 not_verified", "{bad:?}");
    }
    let twice = Request::post(ROUTE).header("stripe-signature", &good).header("stripe-signature", &good);
    assert_eq!(app.send(twice.body(Body::from(body.clone())).unwrap()).await.verdict(), "401 not_verified");
    let no_event = "{\"object\": \"event\"}";
    let answer = post(&app, Some(&signature(SECRET, now_s, no_event)), no_event).await;
    assert_eq!(answer.verdict(), "400 not_an_event");
    assert_eq!(count(&app, "billing_events").await, 0);
    // While a secret is changed, the old one is as good.
    let answer = post(&app, Some(&signature(OLD_SECRET, now_s - 200, &body)), &body).await;
    assert_eq!((answer.status.as_u16(), count(&app, "billing_events").await), (200, 1), "{}", answer.text());
    // Without secrets nobody is believed, not even with an empty one.
    let off = app.another_process();
    assert_eq!(post(&off, Some(&signature("", now_s, &body)), &body).await.verdict(), "404 billing_off");
}

#[tokio::test]
async fn the_same_event_at_the_same_time_in_two_processes_is_taken_in_once() {
    let (app, _) = start().await;
    let second = app.another_process_with(settings);
    assert_eq!(told(&app, &checkout(&app)).await, "applied");
    let body = example("paid").to_string();
    let signature = signature(SECRET, Utc::now().timestamp(), &body);
    let posts = (0..8).map(|n| post(if n % 2 == 0 { &app } else { &second }, Some(&signature), &body));
    let answers = join_all(posts).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.json()["outcome"] == "applied"));
    assert_eq!(answers.iter().filter(|answer| answer.json()["replayed"] == false).count(), 1);
    assert_eq!((count(&app, "billing_events").await, heard(&app, "tenant.invoice_paid").await), (2, 1));
    // What was told but not marked, as its process died, is told once all the same.
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let audit_id = "SELECT audit_id::text FROM audit_log WHERE action = 'tenant.invoice_paid'";
    let mut cell = app.cell.connect(connect::Role::Owner).await.unwrap();
    let news: String = sqlx::query_scalar(audit_id).fetch_one(&mut cell).await.unwrap();
    let again =
        format!("INSERT INTO billing_news VALUES ('{}', '{news}', 'tenant.invoice_paid', 's', '{{}}')", app.acme);
    sqlx::query(&again).execute(&mut owner).await.unwrap();
    app.api.tend_billing().await.unwrap();
    assert_eq!((count(&app, "billing_news").await, heard(&app, "tenant.invoice_paid").await), (0, 1));
}

#[tokio::test]
async fn two_customers_at_the_same_time_do_not_both_get_a_workspace() {
    let (app, _) = start().await;
    let second = app.another_process_with(settings);
    let other = event(
        "checkout",
        &[
            ("/id", json!("evt_other")),
            ("/data/object/client_reference_id", json!(app.acme.to_string())),
            ("/data/object/customer", json!("cus_Other")),
        ],
    );
    // Each brings an active subscription before it is known whose it is.
    assert_eq!(told(&app, &subscribed("updated", "evt_1", 10, "active", STARTER)).await, "unknown_customer");
    let mut theirs = subscribed("updated", "evt_2", 10, "active", PRO);
    theirs["data"]["object"]["id"] = json!("sub_Other");
    theirs["data"]["object"]["customer"] = json!("cus_Other");
    assert_eq!(told(&app, &theirs).await, "unknown_customer");
    let mine = checkout(&app);
    let (one, two) = tokio::join!(told(&app, &mine), told(&second, &other));
    let mut both = [one, two];
    both.sort_unstable();
    assert_eq!(both, ["applied", "other_customer"]);
    assert_eq!(count(&app, "billing_customers").await, 1);
}

#[tokio::test]
async fn an_older_event_does_not_win_and_what_is_over_stays_over() {
    let (app, _) = start().await;
    assert_eq!(told(&app, &checkout(&app)).await, "applied");
    for (name, id, at_s, status, product, outcome, expected) in [
        ("updated", "evt_1", 20, "active", PRO, "applied", "pro"),
        ("updated", "evt_2", 10, "past_due", STARTER, "overtaken", "pro"),
        ("created", "evt_3", 20, "incomplete", STARTER, "overtaken", "pro"),
        // The example says that this change was from incomplete.
        ("updated", "evt_4", 20, "incomplete", STARTER, "overtaken", "pro"),
        ("updated", "evt_5", 21, "active", STARTER, "applied", "starter"),
        ("deleted", "evt_6", 19, "canceled", STARTER, "applied", "starter"),
        ("updated", "evt_7", 40, "active", PRO, "overtaken", "starter"),
    ] {
        assert_eq!(told(&app, &subscribed(name, id, at_s, status, product)).await, outcome, "{id}");
        assert_eq!(plan(&app).await, expected, "{id}");
    }
}

#[tokio::test]
async fn what_was_paid_holds_until_its_period_ends_and_then_the_plan_is_free() {
    let (app, _) = start().await;
    told(&app, &checkout(&app)).await;
    told(&app, &subscribed("updated", "evt_1", 10, "active", STARTER)).await;
    told(&app, &subscribed("updated", "evt_2", 20, "unpaid", STARTER)).await;
    assert_eq!(plan(&app).await, "starter");
    assert!(app.get("/api/v1/billing").await.json()["plan_ends_at"].is_string());
    app.api.tend_billing().await.unwrap();
    assert_eq!(plan(&app).await, "starter");
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let later = "UPDATE billing_subscriptions SET period_ends_at = now(); UPDATE billing_customers SET look_at = now()";
    sqlx::raw_sql(later).execute(&mut owner).await.unwrap();
    app.api.tend_billing().await.unwrap();
    assert_eq!(plan(&app).await, "free");
    assert_eq!(app.get("/api/v1/billing").await.json()["plan_ends_at"], Value::Null);
    // It is paid after all.
    assert_eq!(told(&app, &subscribed("updated", "evt_3", 30, "active", STARTER)).await, "applied");
    assert_eq!((plan(&app).await, heard(&app, "tenant.plan_changed").await), (json!("starter"), 3));
    // A plan that somebody sets by hand stays until what is paid for comes to another one.
    let by_hand = PlanChange { plan: Some("unlimited".into()), ..PlanChange::default() };
    set_plan(&mut owner, app.acme, &by_hand).await.unwrap();
    told(&app, &subscribed("updated", "evt_4", 40, "active", STARTER)).await;
    assert_eq!(plan(&app).await, "unlimited");
    told(&app, &subscribed("updated", "evt_5", 50, "active", PRO)).await;
    assert_eq!(plan(&app).await, "pro");
}

#[tokio::test]
async fn a_workspace_that_its_subscription_is_moved_away_from_keeps_no_plan_of_it() {
    let (app, _) = start().await;
    told(&app, &checkout(&app)).await;
    told(&app, &subscribed("updated", "evt_1", 10, "active", STARTER)).await;
    assert_eq!(plan(&app).await, "starter");
    // As after checkouts that gave it another customer, and its customer another workspace, while nothing was paid.
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let moved = format!(
        "UPDATE billing_customers SET customer_id = 'cus_Other' WHERE workspace_id = '{acme}'; \
         INSERT INTO billing_customers (workspace_id, customer_id, linked_by) \
         SELECT workspace_id, 'cus_Example1', 'evt_x' FROM workspaces WHERE workspace_id <> '{acme}' LIMIT 1",
        acme = app.acme
    );
    sqlx::raw_sql(&moved).execute(&mut owner).await.unwrap();
    assert_eq!(told(&app, &subscribed("updated", "evt_2", 20, "active", STARTER)).await, "applied");
    assert_eq!(app.get("/api/v1/billing").await.json()["plan"], "free", "its cell hears of it within the minute");
    let of_other = Request::get("/api/v1/billing").header("x-api-key", &app.other_key).body(Body::empty()).unwrap();
    assert_eq!(app.send(of_other).await.json()["plan"], "starter");
}

#[tokio::test]
async fn owner_and_administrators_see_billing_and_nobody_else_does() {
    let (app, session) = start().await;
    told(&app, &checkout(&app)).await;
    for (role, expected) in [(Role::Owner, "200"), (Role::Admin, "200"), (Role::Member, "403 forbidden")] {
        let person = member(&app, app.acme, &format!("{role}@example.com"), role).await;
        assert_eq!(send(&app, &person, "GET", "/billing", json!({})).await.verdict(), expected, "{role}");
    }
    let of_other = Request::get("/api/v1/billing").header("x-api-key", &app.other_key).body(Body::empty()).unwrap();
    let other = app.send(of_other).await.json();
    assert_eq!((&other["customer_id"], &other["invoices"]), (&Value::Null, &json!([])));
    let shown = send(&app, &session, "GET", &format!("/platform/tenants/{}/billing", app.acme), json!({})).await;
    assert_eq!(
        (&shown.json()["customer_id"], &shown.json()["linked_by"]),
        (&json!("cus_Example1"), &json!("evt_ExampleCheckout"))
    );
    assert!(!shown.text().contains("whsec_"));
}

pub(crate) async fn count(app: &App, table: &str) -> i64 {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&mut owner).await.unwrap()
}
