//! Signatures of key pairs, beside those of secrets.

use capstan_domain::secrets::{Walk, rotate_some};
use capstan_domain::webhooks::lane::{Lane, target};
use capstan_domain::webhooks::{open_certificate, open_secrets, set_certificate};

use super::*;

fn is_of(key: &str, received: &Received) -> bool {
    let (id, time) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    PublicKey::parse(key).unwrap().verify(id, time, received.body.as_bytes(), received.header("webhook-signature"))
}

fn versions(received: &Received) -> Vec<&str> {
    received.header("webhook-signature").split(' ').map(|item| item.split_once(',').unwrap().0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_pair_signs_along_and_overlaps_as_secrets_do() {
    let place = Place::new().await;
    let both = place.endpoint_with(&place.receiver.url("/both"), &["order.*"], None, true).await;
    let plain = place.endpoint(&place.receiver.url("/plain"), &["order.*"], None).await;
    let first = place.public_keys(both.id).await;
    assert_eq!((first.len(), place.public_keys(plain.id).await.len()), (1, 0));
    let worker = place.worker().await;
    place.send("order.paid", json!({ "text": "\u{2028} \u{1f980}" })).await;
    let before = place.receiver.until("/both", 1).await;
    assert_eq!(versions(&before[0]), ["v1", "v1a"]);
    assert!(verifies(&both.secret, &before[0]) && is_of(&first[0], &before[0]));
    assert_eq!(versions(&place.receiver.until("/plain", 1).await[0]), ["v1"]);
    place.cell.until_count(DELIVERED, 2).await;
    let newer = place.rotate(both.id).await;
    let keys = place.public_keys(both.id).await;
    assert_eq!((keys.len(), &keys[1]), (2, &first[0]));
    place.send("order.paid", json!(2)).await;
    let got = place.receiver.until("/both", 2).await;
    assert_eq!(versions(&got[1]), ["v1", "v1", "v1a", "v1a"]);
    assert!(keys.iter().all(|key| is_of(key, &got[1])) && !is_of(&keys[0], &got[0]));
    assert!(verifies(&both.secret, &got[1]) && verifies(&newer, &got[1]));
    capture("pairs.json", &[(&both, &first, &got)]);
    worker.drain().await;
}

#[tokio::test]
async fn private_keys_are_sealed_and_come_under_the_newest_key_of_the_installation() {
    let place = Place::new().await;
    let both = place.endpoint_with("https://example.com/", &["*"], None, true).await;
    let public = place.public_keys(both.id).await.remove(0);
    let (mut owner, workspace_id) = (place.cell.owner().await, place.cell.workspace_id);
    assert!(set_certificate(&mut owner, &place.keys, workspace_id, both.id, "the PEM", "sha256:x").await.unwrap());
    let (newer, older) = (KeyRing::generate(), &place.keys);
    let ring = KeyRing::parse(&format!("{},{}", newer.to_text().trim(), older.to_text().trim())).unwrap();
    let (mut worker, mut walk) = (place.worker_role().await, Walk::default());
    while !walk.is_over() {
        walk = rotate_some(&mut worker, &ring, walk).await.unwrap();
    }
    assert_eq!((walk.moved, walk.damaged), (3, 0));
    let lane = Lane {
        workspace_id: place.cell.workspace_id.0,
        endpoint_id: both.id,
        lease_no: 1,
        failures: 0,
        failing_since: None,
        warned: false,
    };
    let (found, stored) = target(&mut worker, &lane).await.unwrap().unwrap();
    let certificate = open_certificate(&newer, workspace_id, both.id, &found.certificate().unwrap()).unwrap();
    assert_eq!(certificate.text(), Some("the PEM"));
    assert!(open_secrets(older, lane.workspace(), &stored).is_err());
    let opened = open_secrets(&newer, lane.workspace(), &stored).unwrap();
    assert_eq!(opened[0].pair.as_ref().unwrap().public().to_string(), public);
}
