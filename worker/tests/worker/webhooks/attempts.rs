//! What an endpoint gets, how often, and what becomes of what it never takes.

use capstan_domain::webhooks::PAUSES_S;

use super::*;

/// Seconds since 1970 of each attempt as the database keeps them, in their order.
async fn begun(place: &Place) -> Vec<i64> {
    sqlx::query_scalar("SELECT floor(extract(epoch FROM started_at))::bigint FROM webhook_attempts ORDER BY started_at")
        .fetch_all(&mut place.cell.owner().await)
        .await
        .unwrap()
}

fn said(received: &Received) -> i64 {
    received.header("webhook-timestamp").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_lead_is_brought_to_who_is_subscribed_to_it_and_to_nobody_else() {
    let place = Place::new().await;
    let made = place.endpoint(&place.receiver.url("/made"), &["lead.created"], None).await;
    let moved = place.endpoint(&place.receiver.url("/moved"), &["lead.status_changed"], None).await;
    let upsert = json!({ "email": "ada@example.com", "name": "Ada", "fields": { "budget": 3000 } });
    let qualify = json!({ "lead_id": "{{ steps.make.lead.id }}", "status": "qualified" });
    let steps = vec![node("make", "lead.upsert", upsert), node("move", "lead.set_status", qualify)];
    let version = place.cell.publish(&graph(steps, &[("start", "out", "make"), ("make", "out", "move")])).await;
    let worker = place.worker().await;
    place.cell.start(version, json!({})).await;
    let (of_made, of_moved) = (place.receiver.until("/made", 1).await, place.receiver.until("/moved", 1).await);
    place.cell.until_count(DELIVERED, 2).await;
    worker.drain().await;
    assert_eq!((place.receiver.on("/made").len(), place.receiver.on("/moved").len()), (1, 1));
    assert_eq!(place.cell.count("SELECT count(*) FROM webhook_deliveries").await, 2);
    assert!(verifies(&made.secret, &of_made[0]) && verifies(&moved.secret, &of_moved[0]));
    let body: Value = serde_json::from_str(&of_made[0].body).unwrap();
    let lead = &body["data"]["data"]["lead"];
    assert_eq!((&body["type"], &lead["email"]), (&json!("lead.created"), &json!("ada@example.com")));
    assert_eq!((&lead["fields"]["budget"], &body["data"]["key"]), (&json!(3000), &lead["id"]));
    let body: Value = serde_json::from_str(&of_moved[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["data"]["to"]), (&json!("lead.status_changed"), &json!("qualified")));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_turn_of_an_endpoint_with_a_rate_sends_more_and_turns_are_a_second_apart() {
    const RATE: i64 = 2;
    let place = Place::new().await;
    place.endpoint(&place.receiver.url("/slow"), &["order.*"], None).await;
    let limited = format!("UPDATE webhook_endpoints SET rate_per_s = {RATE}");
    sqlx::query(&limited).execute(&mut place.cell.owner().await).await.unwrap();
    for n in 0..3 * RATE {
        place.send("order.paid", json!(n)).await;
    }
    let worker = place.worker().await;
    place.cell.until_count(DELIVERED, 3 * RATE).await;
    worker.drain().await;
    // Each turn has a lease of its own.
    let too_many = format!(
        "SELECT count(*) FROM (SELECT FROM webhook_attempts GROUP BY lease_no HAVING count(*) > {RATE}) AS turns"
    );
    assert_eq!(place.cell.count(&too_many).await, 0);
    // The third turn begins two seconds after the first one, and what is not limited takes milliseconds for all of it.
    let spread = "SELECT (max(started_at) - min(started_at) > interval '1 second')::int::bigint FROM webhook_attempts";
    assert_eq!(place.cell.count(spread).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_is_signed_for_its_own_time_by_the_clock_of_the_database() {
    let place = Place::new().await;
    let endpoint = place.endpoint(&place.receiver.url("/fail"), &["order.*"], None).await;
    let worker = place.worker().await;
    place.send("order.paid", json!(1)).await;
    let first = place.receiver.until("/fail", 1).await.remove(0);
    place.cell.until_count("SELECT count(*) FROM webhook_attempts", 1).await;
    // Times are whole seconds.
    let is_later = format!("SELECT (extract(epoch FROM clock_timestamp()) >= {})::int::bigint", said(&first) + 1);
    place.cell.until_count(&is_later, 1).await;
    place.hasten().await;
    let second = place.receiver.until("/fail", 2).await.remove(1);
    place.cell.until_count("SELECT count(*) FROM webhook_attempts", 2).await;
    worker.drain().await;
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert!(said(&second) > said(&first), "{} and {}", said(&first), said(&second));
    assert_eq!(begun(&place).await, [said(&first), said(&second)]);
    assert!(verifies(&endpoint.secret, &first) && verifies(&endpoint.secret, &second));
    let (id, signature) = (second.header("webhook-id"), second.header("webhook-signature"));
    assert!(!endpoint.secret.verify(id, said(&first), &second.body, signature), "another time verifies, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_name_does_not_resolve_has_failed_attempts_that_say_so() {
    let place = Place::new().await;
    place.endpoint("https://nowhere.invalid/hooks", &["order.*"], None).await;
    let worker = place.worker().await;
    place.send("order.paid", json!(1)).await;
    let said = "SELECT count(*) FROM webhook_attempts WHERE outcome = 'failed' AND error = 'connection' AND status_code IS NULL \
        AND detail LIKE '%the name nowhere.invalid does not resolve%'";
    place.cell.until_count(said, 1).await;
    // As days later: it is given up, and not tried for ever.
    let last = format!("UPDATE webhook_deliveries SET tried = {}", PAUSES_S.len() - 1);
    sqlx::query(&last).execute(&mut place.cell.owner().await).await.unwrap();
    place.hasten().await;
    let failed =
        "SELECT count(*) FROM webhook_deliveries WHERE status = 'failed' AND reason = 'all attempts have failed'";
    place.cell.until_count(failed, 1).await;
    assert_eq!(place.cell.count(said).await, 2);
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_has_used_up_its_attempts_has_failed_and_its_owner_is_told() {
    let place = Place::new().await;
    let failing = place.endpoint(&place.receiver.url("/fail"), &["order.*"], None).await;
    place.endpoint(&place.receiver.url("/owner"), &["webhook.delivery_failed"], None).await;
    let worker = place.worker().await;
    place.send("order.paid", json!(1)).await;
    place.cell.until_count("SELECT count(*) FROM webhook_attempts", 1).await;
    // As days later.
    let last = format!("UPDATE webhook_deliveries SET tried = {}", PAUSES_S.len() - 1);
    sqlx::query(&last).execute(&mut place.cell.owner().await).await.unwrap();
    place.hasten().await;
    let told = place.receiver.until("/owner", 1).await.remove(0);
    let failed = "SELECT count(*) FROM webhook_deliveries WHERE status = 'failed' AND reason = 'all attempts have failed' \
        AND settled_at IS NOT NULL";
    place.cell.until_count(failed, 1).await;
    let body: Value = serde_json::from_str(&told.body).unwrap();
    let data = &body["data"];
    assert_eq!((&body["type"], &data["type"]), (&json!("webhook.delivery_failed"), &json!("order.paid")));
    assert_eq!((&data["endpoint_id"], &data["reason"]), (&json!(failing.id), &json!("all attempts have failed")));
    assert_eq!(data["event_id"], place.receiver.on("/fail")[0].header("webhook-id"));
    place.cell.until_count(DELIVERED, 1).await;
    worker.drain().await;
    // Nothing more comes, and by hand it can be sent again.
    assert_eq!(place.receiver.on("/owner").len(), 1);
    let id = data["delivery_id"].as_str().unwrap().parse().unwrap();
    let mut owner = place.cell.owner().await;
    let row = deliveries::find(&mut owner, place.cell.workspace_id, id).await.unwrap().unwrap();
    deliveries::resend(&mut owner, place.cell.workspace_id, &row).await.unwrap();
    assert_eq!(place.cell.count(PENDING).await, 1);
}
