//! What endpoints are told of leads, and how a delivery ends whose attempts all fail.

use capstan_domain::leads::{Act, Desk, LeadPatch, Which};
use capstan_engine::core::ids::ExecutionId;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_leads_comes_to_who_wants_to_hear_of_it_and_to_nobody_else() {
    let place = Place::new().await;
    let leads = place.endpoint(&place.receiver.url("/leads"), &["lead.created"], None).await;
    place.endpoint(&place.receiver.url("/orders"), &["order.*"], None).await;
    let worker = place.worker().await;
    let desk = Desk::new(&place.cell.place);
    let named = |name: &str| LeadPatch { name: Some(name.into()), ..LeadPatch::default() };
    let new = LeadPatch { email: Some("ada@example.com".into()), ..named("Ada") };
    let which = Which::Email("ada@example.com".into());
    for (once, act) in [
        ("$step:a", Act::Create { patch: new, status: None }),
        ("$step:b", Act::Update { which, patch: named("Ada L") }),
    ] {
        desk.act(place.cell.workspace_id, ExecutionId::new(), once, &act).await.unwrap().unwrap();
    }
    // Handed out after these.
    place.send("order.paid", json!(1)).await;
    let (told, orders) = (place.receiver.until("/leads", 1).await, place.receiver.until("/orders", 1).await);
    place.cell.until_count(DELIVERED, 2).await;
    assert_eq!((place.cell.count(PENDING).await, told.len(), orders.len()), (0, 1, 1));
    assert!(verifies(&leads.secret, &told[0]));
    let body: Value = serde_json::from_str(&told[0].body).unwrap();
    assert_eq!(body["type"], "lead.created");
    assert_eq!(
        (&body["data"]["data"]["lead"]["email"], &body["data"]["data"]["lead"]["name"]),
        (&json!("ada@example.com"), &json!("Ada"))
    );
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_is_signed_with_its_own_time_and_after_the_last_one_the_delivery_has_failed() {
    let place = Place::new().await;
    let endpoint = place.endpoint(&place.receiver.url("/fail"), &["a"], None).await;
    let worker = place.worker().await;
    place.send("a", json!(1)).await;
    place.cell.until_count("SELECT count(*) FROM webhook_attempts", 1).await;
    // As if eight more had failed since.
    let mut owner = place.cell.owner().await;
    sqlx::query("UPDATE webhook_deliveries SET tried = 9").execute(&mut owner).await.unwrap();
    place.hasten().await;
    place.cell.until_count("SELECT count(*) FROM webhook_deliveries WHERE status = 'failed'", 1).await;
    let got = place.receiver.until("/fail", 2).await;
    assert!(got.iter().all(|one| verifies(&endpoint.secret, one)));
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    let signed = "SELECT extract(epoch FROM date_trunc('second', started_at))::bigint::text FROM webhook_attempts ORDER BY number";
    let signed: Vec<String> = sqlx::query_scalar(signed).fetch_all(&mut owner).await.unwrap();
    assert_eq!(got.iter().map(|one| one.header("webhook-timestamp")).collect::<Vec<_>>(), signed);
    let row =
        "SELECT count(*) FROM webhook_deliveries WHERE reason = 'all attempts have failed' AND settled_at IS NOT NULL";
    assert_eq!(place.cell.count(row).await, 1);
    worker.drain().await;
}
