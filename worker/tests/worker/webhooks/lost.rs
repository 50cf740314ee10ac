//! Turns of workers that were given up: others need not wait for the end of their leases.

use std::fs;

use capstan_engine::store::workers::{Registered, note_death, reap, register};

use super::*;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(1_800);

/// A worker that has the turn of an endpoint for which something is due, with its connection.
async fn at_work(place: &Place) -> (Registered, PgConnection) {
    let endpoint = place.endpoint(&place.receiver.url("/turn"), &["*"], None).await;
    deliveries::send_test(&mut place.cell.owner().await, place.cell.workspace_id, endpoint.id).await.unwrap();
    let mut connection = place.worker_role().await;
    let worker = register(&mut connection, "lost").await.unwrap();
    let terms = Terms { worker_no: Some(worker.worker_no), lease: LONG, attempt: LONG };
    assert_eq!(claim_lanes(&mut connection, false, ROOM, terms).await.unwrap().len(), 1);
    (worker, connection)
}

/// How many turns another worker gets, where attempts of a fenced one may go on for so long.
async fn others(place: &Place, attempt: Duration) -> usize {
    let terms = Terms { worker_no: None, lease: LONG, attempt };
    claim_lanes(&mut place.worker_role().await, false, ROOM, terms).await.unwrap().len()
}

#[tokio::test]
async fn a_turn_is_anybodys_once_its_worker_was_fenced_and_what_it_had_begun_is_over() {
    let place = Place::new().await;
    let (lost, mut connection) = at_work(&place).await;
    assert_eq!(others(&place, Duration::ZERO).await, 0, "it lives");
    reap(&mut connection, lost.worker_no, None).await.unwrap().unwrap();
    assert_eq!(others(&place, LONG).await, 0, "it may still be sending");
    assert_eq!(others(&place, Duration::ZERO).await, 1);
    assert_eq!(others(&place, Duration::ZERO).await, 0, "it is the turn of the other one now");
}

#[tokio::test]
async fn the_turn_of_a_process_that_is_dead_is_anybodys_at_once_but_that_of_a_worker_that_is_not_fenced_is_not() {
    let place = Place::new().await;
    let (lost, mut connection) = at_work(&place).await;
    note_death(&mut connection, lost.worker_no).await.unwrap();
    assert_eq!(others(&place, LONG).await, 0);
    reap(&mut connection, lost.worker_no, None).await.unwrap().unwrap();
    note_death(&mut connection, lost.worker_no).await.unwrap();
    assert_eq!(others(&place, LONG).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_died_on_this_machine_holds_up_no_endpoint() {
    let (place, boxes) = (Place::new().await, tempfile::tempdir().unwrap());
    let (lost, connection) = at_work(&place).await;
    drop(connection);
    // The file that it left, which nobody has locked: its number, and when it registered.
    let mut file = i64::from(lost.worker_no).to_le_bytes().to_vec();
    file.extend(lost.created_at.timestamp_micros().to_le_bytes());
    fs::write(boxes.path().join("lost.box"), file).unwrap();
    let worker = place.worker_beside(Some(boxes.path().to_owned())).await;
    place.receiver.until("/turn", 1).await;
    place.cell.until_count(DELIVERED, 1).await;
    assert_eq!(place.cell.count("SELECT count(*) FROM workers WHERE dead AND name = 'lost'").await, 1);
    worker.drain().await;
}
