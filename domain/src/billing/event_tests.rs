//! Payloads after those that the vendor publishes, of versions of its API before and after March 2025.

use serde_json::json;
use uuid::Uuid;

use super::*;

const CHECKOUT: &str = include_str!("examples/checkout_session_completed.json");
const CREATED: &str = include_str!("examples/subscription_created.json");
const UPDATED: &str = include_str!("examples/subscription_updated.json");
const UPDATED_2024: &str = include_str!("examples/subscription_updated_of_2024.json");
const DELETED: &str = include_str!("examples/subscription_deleted.json");
const PAID: &str = include_str!("examples/invoice_paid.json");
const FAILED: &str = include_str!("examples/invoice_payment_failed.json");
const CUSTOMER: &str = include_str!("examples/customer_updated.json");
/// When the examples begin, and when what was paid ends.
const START_S: i64 = 1_767_225_600;
const END_S: i64 = START_S + 2_678_400;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn what(text: &str) -> What {
    Event::parse(text.as_bytes()).unwrap().what
}

/// The example with another value at a pointer.
fn with(text: &str, pointer: &str, value: Value) -> String {
    let mut event: Value = serde_json::from_str(text).unwrap();
    *event.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is not there")) = value;
    event.to_string()
}

#[test]
fn a_checkout_tells_workspace_customer_and_subscription() {
    let expected = Checkout {
        customer_id: "cus_Example1".into(),
        subscription_id: Some("sub_Example1".into()),
        workspace_id: Some(WorkspaceId(Uuid::nil())),
    };
    assert_eq!(what(CHECKOUT), What::Checkout(expected.clone()));
    for none in [json!(null), json!("acme"), json!("")] {
        let text = with(CHECKOUT, "/data/object/client_reference_id", none);
        assert_eq!(what(&text), What::Checkout(Checkout { workspace_id: None, ..expected.clone() }));
    }
    assert_eq!(what(&with(CHECKOUT, "/data/object/mode", json!("payment"))), What::Other);
}

#[test]
fn subscriptions_are_read_in_the_shape_of_either_time() {
    let of = |text: &str| match what(text) {
        What::Subscription(it) => it,
        other => panic!("{other:?}"),
    };
    for (text, status, before, after_s, rank, ends_at) in [
        (CREATED, Status::Incomplete, None, 0, 0, None),
        (UPDATED, Status::Active, Some(Status::Incomplete), 0, 1, None),
        (UPDATED_2024, Status::Active, None, 10, 1, Some(END_S)),
        (DELETED, Status::Canceled, None, 20, 2, Some(START_S + 20)),
    ] {
        let found = of(text);
        assert_eq!(found.seen, Seen { at: at(START_S + after_s), rank, status, before }, "{text}");
        assert_eq!((found.subscription_id.as_str(), found.customer_id.as_str()), ("sub_Example1", "cus_Example1"));
        assert_eq!(found.prices, ["price_ExampleStarter", "prod_ExampleStarter"]);
        assert_eq!((found.period_ends_at, found.ends_at), (Some(at(END_S)), ends_at.map(at)), "{text}");
    }
    // Expanded objects have their ids within, and plans are what prices were before.
    let expanded = with(UPDATED, "/data/object/customer", json!({ "id": "cus_2", "object": "customer" }));
    assert_eq!(of(&expanded).customer_id, "cus_2");
    let plan = with(UPDATED_2024, "/data/object/items/data/0/price", json!(null));
    assert_eq!(of(&plan).prices, ["price_ExampleStarter", "prod_ExampleStarter"]);
}

#[test]
fn invoices_tell_what_was_paid_or_when_it_is_tried_again() {
    let paid = Invoice {
        invoice_id: "in_Example1".into(),
        customer_id: "cus_Example1".into(),
        subscription_id: Some("sub_Example1".into()),
        is_paid: true,
        amount: 2_900,
        currency: "eur".into(),
        attempts: Some(1),
        next_attempt_at: None,
    };
    assert_eq!(what(PAID), What::Invoice(paid.clone()));
    let failed = Invoice {
        invoice_id: "in_Example2".into(),
        is_paid: false,
        attempts: Some(2),
        next_attempt_at: Some(at(START_S + 259_230)),
        ..paid
    };
    assert_eq!(what(FAILED), What::Invoice(failed));
}

#[test]
fn what_is_not_known_is_other_and_what_has_another_shape_is_unreadable() {
    assert_eq!(what(CUSTOMER), What::Other);
    assert_eq!(what(&with(UPDATED, "/type", json!("customer.subscription.trial_will_end"))), What::Other);
    for (text, pointer, value) in [
        (UPDATED, "/data/object/status", json!("of_tomorrow")),
        (UPDATED, "/data/object/customer", json!(null)),
        (UPDATED, "/data/object/items", json!(7)),
        (UPDATED, "/data/object/id", json!("sub\n1")),
        (UPDATED, "/data/object/items/data/0/current_period_end", json!(i64::MAX)),
        (PAID, "/data/object/currency", json!("")),
        (PAID, "/data/object/customer", json!("c".repeat(256))),
        (CHECKOUT, "/data/object/customer", json!(null)),
        (CHECKOUT, "/data/object", json!([])),
    ] {
        assert_eq!(what(&with(text, pointer, value)), What::Unreadable, "{pointer}");
    }
}

#[test]
fn a_body_that_is_no_event_is_refused() {
    for text in [
        String::new(),
        "{}".into(),
        "[]".into(),
        with(PAID, "/id", json!("")),
        with(PAID, "/id", json!("e".repeat(256))),
        with(PAID, "/type", json!("invoice paid")),
        with(PAID, "/created", json!("2026-01-01T00:00:00Z")),
        with(PAID, "/created", json!(i64::MAX)),
        with(PAID, "/data", json!(null)),
    ] {
        assert!(Event::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(Event::parse(&[0xff, 0xfe]).is_err());
}
