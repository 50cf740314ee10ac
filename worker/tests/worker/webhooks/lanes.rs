//! The queue of an endpoint: how many at a time, and what a lease that was lost or a person who sends again comes to.

use capstan_domain::webhooks::lane::{Health, release, target};

use super::*;

const LEASE: Duration = Duration::from_secs(60);

/// Leases that last so long, for a worker without a number.
fn lasting(lease: Duration) -> Terms {
    Terms { worker_no: None, lease, attempt: Duration::ZERO }
}

fn broken() -> Attempt {
    let duration = Duration::from_millis(3);
    Attempt { status: Some(500), retry_after: None, broke: None, detail: None, response: None, duration }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_takes_one_at_a_time_never_gets_two() {
    let place = Place::new().await;
    let endpoint = place.endpoint(&place.receiver.url("/one"), &["*"], None).await;
    let mut owner = place.cell.owner().await;
    sqlx::query("UPDATE webhook_endpoints SET concurrency = 1").execute(&mut owner).await.unwrap();
    for _ in 0..4 {
        deliveries::send_test(&mut owner, place.cell.workspace_id, endpoint.id).await.unwrap();
    }
    let worker = place.worker().await;
    place.cell.until_count(DELIVERED, 4).await;
    let at_once = "SELECT count(*) FROM webhook_attempts a JOIN webhook_attempts b ON b.delivery_id > a.delivery_id \
        AND (a.started_at, a.started_at + a.duration_ms * interval '1 ms' + interval '1 us') \
        OVERLAPS (b.started_at, b.started_at + b.duration_ms * interval '1 ms' + interval '1 us')";
    assert_eq!(place.cell.count(at_once).await, 0);
    worker.drain().await;
}

#[tokio::test]
async fn an_attempt_under_a_lost_lease_leaves_no_trace() {
    let place = Place::new().await;
    let endpoint = place.endpoint("https://example.com/", &["*"], None).await;
    let mut worker = place.worker_role().await;
    deliveries::send_test(&mut place.cell.owner().await, place.cell.workspace_id, endpoint.id).await.unwrap();
    let lost = claim_lanes(&mut worker, false, ROOM, lasting(Duration::ZERO)).await.unwrap().remove(0);
    let sent = due(&mut worker, &lost, &[], 10).await.unwrap().remove(0);
    // The process was killed; another one takes over, and sends the same event.
    let held = claim_lanes(&mut worker, false, ROOM, lasting(LEASE)).await.unwrap().remove(0);
    assert!(claim_lanes(&mut worker, false, ROOM, lasting(LEASE)).await.unwrap().is_empty());
    let again = due(&mut worker, &held, &[], 10).await.unwrap().remove(0);
    assert_eq!((again.event_id, again.delivery_id), (sent.event_id, sent.delivery_id));
    let fine = Attempt {
        status: Some(200),
        retry_after: None,
        broke: None,
        detail: None,
        response: None,
        duration: Duration::from_millis(3),
    };
    assert!(!settle(&mut worker, &lost, &sent, &fine, None, &Next::Delivered).await.unwrap());
    assert_eq!(place.cell.count("SELECT count(*) FROM webhook_attempts").await, 0);
    assert!(settle(&mut worker, &held, &again, &fine, None, &Next::Delivered).await.unwrap());
    assert_eq!(place.cell.count("SELECT count(*) FROM webhook_attempts WHERE number = 1").await, 1);
    assert_eq!(place.cell.count(DELIVERED).await, 1);
}

#[tokio::test]
async fn what_a_person_sends_again_during_the_last_attempt_stays_due() {
    let place = Place::new().await;
    let endpoint = place.endpoint("https://example.com/", &["*"], None).await;
    let (mut owner, mut worker) = (place.cell.owner().await, place.worker_role().await);
    let id = deliveries::send_test(&mut owner, place.cell.workspace_id, endpoint.id).await.unwrap();
    sqlx::query("UPDATE webhook_deliveries SET tried = 7").execute(&mut owner).await.unwrap();
    let lane = claim_lanes(&mut worker, false, ROOM, lasting(LEASE)).await.unwrap().remove(0);
    let last = due(&mut worker, &lane, &[], 10).await.unwrap().remove(0);
    let row = deliveries::find(&mut owner, place.cell.workspace_id, id).await.unwrap().unwrap();
    deliveries::resend(&mut owner, place.cell.workspace_id, &row).await.unwrap();
    let failed = Next::Failed("all attempts have failed");
    assert!(settle(&mut worker, &lane, &last, &broken(), Some("status"), &failed).await.unwrap());
    let again = due(&mut worker, &lane, &[], 10).await.unwrap().remove(0);
    assert_eq!((again.delivery_id, again.tried), (id, 0), "it has a whole schedule before it");
    assert!(settle(&mut worker, &lane, &again, &broken(), Some("status"), &failed).await.unwrap());
    let row = deliveries::find(&mut owner, place.cell.workspace_id, id).await.unwrap().unwrap();
    assert_eq!((row.status.as_str(), row.attempts), ("failed", 2));
}

#[tokio::test]
async fn who_has_lost_the_lease_changes_nothing_about_the_endpoint() {
    let place = Place::new().await;
    let endpoint = place.endpoint("https://example.com/", &["*"], None).await;
    let (mut owner, mut worker) = (place.cell.owner().await, place.worker_role().await);
    deliveries::send_test(&mut owner, place.cell.workspace_id, endpoint.id).await.unwrap();
    let lost = claim_lanes(&mut worker, false, ROOM, lasting(Duration::ZERO)).await.unwrap().remove(0);
    let (found, _) = target(&mut worker, &lost).await.unwrap().unwrap();
    let held = claim_lanes(&mut worker, false, ROOM, lasting(LEASE)).await.unwrap().remove(0);
    let gone = Health { failures: 1, pause: Duration::ZERO, gone: true };
    release(&mut worker, &lost, Some(&found), gone).await.unwrap();
    assert_eq!(place.status(endpoint.id).await, "enabled");
    assert_eq!(place.cell.count("SELECT count(*) FROM outbox WHERE type LIKE 'webhook.%'").await, 0);
    release(&mut worker, &held, Some(&found), gone).await.unwrap();
    assert_eq!(place.status(endpoint.id).await, "disabled");
    assert_eq!(place.cell.count("SELECT count(*) FROM outbox WHERE type LIKE 'webhook.%'").await, 1);
}

#[tokio::test]
async fn no_workspace_takes_more_than_its_share_of_the_places() {
    let place = Place::new().await;
    let mut owner = place.cell.owner().await;
    let (greedy, modest) = (Uuid::now_v7(), Uuid::now_v7());
    for (workspace_id, count) in [(greedy, 9), (modest, 1)] {
        sqlx::query(
            "INSERT INTO webhook_lanes (workspace_id, endpoint_id, due_at) \
             SELECT $1, gen_random_uuid(), clock_timestamp() - interval '1 s' FROM generate_series(1, $2)",
        )
        .bind(workspace_id)
        .bind(count)
        .execute(&mut owner)
        .await
        .unwrap();
    }
    let mut worker = place.worker_role().await;
    let mut claim = async |taken: &[(Uuid, usize)]| {
        let room = Room { places: 8, share: 3, taken };
        let lanes = claim_lanes(&mut worker, false, room, lasting(LEASE)).await.unwrap();
        let of = |id: Uuid| lanes.iter().filter(|lane| lane.workspace_id == id).count();
        (of(greedy), of(modest))
    };
    assert_eq!(claim(&[(greedy, 1)]).await, (2, 1));
    assert_eq!(claim(&[(greedy, 3), (modest, 1)]).await, (0, 0));
    assert_eq!(claim(&[(greedy, 0)]).await, (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_turn_failed_is_given_back_before_its_lease_is_over() {
    let place = Place::new().await;
    let endpoint = place.endpoint(&place.receiver.url("/mended"), &["*"], None).await;
    let mut owner = place.cell.owner().await;
    deliveries::send_test(&mut owner, place.cell.workspace_id, endpoint.id).await.unwrap();
    place.cell.run("ALTER FUNCTION settle_delivery_1 RENAME TO settle_delivery_gone").await;
    let worker = place.worker().await;
    let free = "SELECT count(*) FROM webhook_lanes \
        WHERE lease_no > 0 AND leased_until = '-infinity' AND due_at < 'infinity'";
    place.cell.until_count(free, 1).await;
    assert!(!place.receiver.on("/mended").is_empty(), "it failed after it was sent");
    place.cell.run("ALTER FUNCTION settle_delivery_gone RENAME TO settle_delivery_1").await;
    place.hasten().await;
    place.cell.until_count(DELIVERED, 1).await;
    let sent = place.receiver.on("/mended");
    assert!(sent.len() > 1 && sent.iter().all(|one| one.header("webhook-id") == sent[0].header("webhook-id")));
    worker.drain().await;
}
