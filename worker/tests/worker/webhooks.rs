//! Webhooks: from what happened to a signed request, whatever the receivers do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use capstan_domain::secrets::KeyRing;
use capstan_domain::webhooks::endpoints::{self, EndpointRow, Wish};
use capstan_domain::webhooks::lane::{Next, Room, Terms, claim_lanes, due, settle};
use capstan_domain::webhooks::{
    Attempt, PublicKey, SigningSecret, Source, add_secret, deliveries, hand_out, is_any_endpoint, take_turn,
};
use capstan_engine::store::connect::Role;
use capstan_node_types::registry::Registry;
use capstan_worker::{WebhookSettings, Worker, WorkerSettings};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::receiver::{Received, Receiver};
use crate::support::{Cell, graph, node};

mod attempts;
mod certificates;
mod facts;
mod lanes;
mod lost;
mod ordered;
mod pairs;
mod restored;
mod steps;

const LEASE: Duration = Duration::from_secs(60);
const ROOM: Room<'static> = Room { places: 10, share: 10, taken: &[] };
const DELIVERED: &str = "SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'";
const PENDING: &str = "SELECT count(*) FROM webhook_deliveries WHERE status = 'pending'";
const CANCELLED: &str = "SELECT count(*) FROM webhook_deliveries WHERE status = 'cancelled'";

/// Leases that last so long, for a worker without a number.
fn lasting(lease: Duration) -> Terms {
    Terms { worker_no: None, lease, attempt: Duration::ZERO }
}

/// A cell whose workers may send to a receiver.
struct Place {
    cell: Cell,
    receiver: Receiver,
    keys: Arc<KeyRing>,
}

struct Endpoint {
    id: Uuid,
    secret: SigningSecret,
}

impl Place {
    async fn new() -> Self {
        Self::with(Receiver::start().await).await
    }

    async fn with(receiver: Receiver) -> Self {
        let cell = Cell::with_registry(Registry::standard(), &[&receiver.address.to_string()]).await;
        Self { cell, receiver, keys: Arc::new(KeyRing::generate()) }
    }

    async fn worker(&self) -> Worker {
        self.worker_beside(None).await
    }

    /// The same on a machine whose processes leave files in that folder.
    async fn worker_beside(&self, black_boxes: Option<PathBuf>) -> Worker {
        let webhooks = WebhookSettings { timeout: Duration::from_millis(500), ..WebhookSettings::default() };
        let (keys, drain_timeout) = (Arc::clone(&self.keys), Duration::from_secs(5));
        let settings = WorkerSettings { keys, webhooks, drain_timeout, black_boxes, ..WorkerSettings::default() };
        self.cell.worker_of(self.cell.place.clone(), settings).await
    }

    async fn endpoint(&self, url: &str, types: &[&str], filter: Option<&str>) -> Endpoint {
        self.endpoint_with(url, types, filter, false).await
    }

    async fn endpoint_with(&self, url: &str, types: &[&str], filter: Option<&str>, asymmetric: bool) -> Endpoint {
        let (mut owner, id) = (self.cell.owner().await, Uuid::now_v7());
        let types = types.iter().map(|&name| name.to_owned()).collect();
        let (url, filter, description, asymmetric) =
            (url.to_owned(), filter.map(str::to_owned), String::new(), Some(asymmetric));
        let wish =
            Wish { url, types, filter, description, rate_per_s: None, concurrency: 10, asymmetric, ordered: None };
        assert!(endpoints::create(&mut owner, self.cell.workspace_id, id, &wish).await.unwrap());
        let secret = self.rotate(id).await;
        Endpoint { id, secret }
    }

    async fn rotate(&self, id: Uuid) -> SigningSecret {
        let mut owner = self.cell.owner().await;
        add_secret(&mut owner, &self.keys, self.cell.workspace_id, id, 3_600).await.unwrap().unwrap()
    }

    async fn send(&self, type_name: &str, data: Value) {
        send(&mut self.cell.owner().await, &self.cell, type_name, data).await;
    }

    /// Has everything that waits tried again at once, but what stands in line.
    async fn hasten(&self) {
        let mut owner = self.cell.owner().await;
        for sql in [
            "UPDATE webhook_deliveries SET due_at = clock_timestamp() WHERE status = 'pending' AND due_at < '9999-01-01'",
            "UPDATE webhook_lanes SET due_at = clock_timestamp(), rests_until = '-infinity'",
        ] {
            sqlx::query(sql).execute(&mut owner).await.unwrap();
        }
    }

    async fn found(&self, id: Uuid) -> EndpointRow {
        endpoints::find(&mut self.cell.owner().await, self.cell.workspace_id, id).await.unwrap().unwrap()
    }

    async fn status(&self, id: Uuid) -> String {
        self.found(id).await.status
    }

    /// What is shown of the key pairs that sign for an endpoint, newest first.
    async fn public_keys(&self, id: Uuid) -> Vec<String> {
        self.found(id).await.secrets.into_iter().filter_map(|secret| secret.public_key).collect()
    }

    async fn worker_role(&self) -> PgConnection {
        self.cell.place.connect(Role::Worker).await.unwrap()
    }
}

async fn send(connection: &mut PgConnection, cell: &Cell, type_name: &str, data: Value) {
    sqlx::query(
        "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) VALUES ($1, $2, $3, $4, '', $5, 0)",
    )
    .bind(cell.workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(Uuid::now_v7().to_string())
    .bind(type_name)
    .bind(data)
    .execute(connection)
    .await
    .unwrap();
}

/// Whether a secret signed what came in.
fn verifies(secret: &SigningSecret, received: &Received) -> bool {
    let at = received.header("webhook-timestamp").parse().unwrap();
    secret.verify(received.header("webhook-id"), at, &received.body, received.header("webhook-signature"))
}

/// Keeps what was sent for verifiers of other languages, if they are waiting for it: see `scripts/webhooks.sh`.
fn capture(name: &str, sent: &[(&Endpoint, &[String], &[Received])]) {
    let Ok(directory) = std::env::var("CAPSTAN_CAPTURES") else { return };
    let of = |(endpoint, keys, received): &(&Endpoint, &[String], &[Received])| {
        let secret = endpoint.secret.reveal();
        let each = received.iter();
        each.map(|one| json!({ "secret": secret, "public_keys": keys, "body": one.body, "headers": one.headers }))
            .collect::<Vec<_>>()
    };
    let all = Value::from_iter(sent.iter().flat_map(of));
    std::fs::write(std::path::Path::new(&directory).join(name), all.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_brought_signed_to_whoever_is_subscribed_to_it() {
    let place = Place::new().await;
    let all = place.endpoint(&place.receiver.url("/all"), &["*"], None).await;
    let some = place.endpoint(&place.receiver.url("/some"), &["order.*"], Some("event.data.data.amount > 5")).await;
    let steps = graph(vec![node("a", "debug.noop", json!({}))], &[("start", "out", "a")]);
    let version = place.cell.publish(&steps).await;
    let worker = place.worker().await;
    let id = place.cell.start(version, json!({})).await;
    place.send("order.paid", json!({ "amount": 7, "text": "\u{2028} \u{1f980}" })).await;
    place.send("order.paid", json!({ "amount": 3 })).await;
    let (all_got, some_got) = (place.receiver.until("/all", 3).await, place.receiver.until("/some", 1).await);
    place.cell.until_count(DELIVERED, 4).await;
    assert!(all_got.iter().all(|one| verifies(&all.secret, one) && !verifies(&some.secret, one)));
    assert!(verifies(&some.secret, &some_got[0]));
    let body: Value = serde_json::from_str(&some_got[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["data"]["amount"]), (&json!("order.paid"), &json!(7)));
    assert_eq!(body["id"], some_got[0].header("webhook-id"));
    let ended = all_got.iter().map(|one| serde_json::from_str::<Value>(&one.body).unwrap());
    let ended = ended.into_iter().find(|body| body["type"] == "execution.completed").unwrap();
    assert_eq!(ended["data"]["execution_id"], json!(id.0));
    capture("secrets.json", &[(&all, &[], &all_got), (&some, &[], &some_got)]);
    worker.drain().await;
    assert_eq!((place.receiver.on("/all").len(), place.receiver.on("/some").len()), (3, 1));
    for turns in ["webhook_lanes", "webhook_cursors"] {
        let held = format!("SELECT count(*) FROM {turns} WHERE leased_until > clock_timestamp()");
        assert_eq!(place.cell.count(&held).await, 0, "{turns}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_holds_no_other_up_and_is_probed_rarely() {
    let place = Place::new().await;
    let hanging = place.endpoint(&place.receiver.url("/hang"), &["*"], None).await;
    place.endpoint(&place.receiver.url("/fine"), &["*"], None).await;
    let worker = place.worker().await;
    for n in 0..30 {
        place.send("order.paid", json!(n)).await;
    }
    place.receiver.until("/fine", 30).await;
    // Its circuit opens after some failures, and what waits for it is not tried.
    place.cell.until_count("SELECT count(*) FROM webhook_endpoints WHERE status = 'failing'", 1).await;
    assert_eq!(place.status(hanging.id).await, "failing");
    assert_eq!(place.cell.count(PENDING).await, 30);
    assert!(place.receiver.on("/hang").len() <= 8, "{}", place.receiver.on("/hang").len());
    let rests =
        "SELECT count(*) FROM webhook_lanes WHERE due_at > clock_timestamp() + interval '30 seconds' AND failures >= 5";
    place.cell.until_count(rests, 1).await;
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_has_the_same_id_and_any_secret_that_overlaps_verifies() {
    let place = Place::new().await;
    let failing = place.endpoint(&place.receiver.url("/fail"), &["order.*"], None).await;
    place.endpoint(&place.receiver.url("/long"), &["order.*"], None).await;
    let worker = place.worker().await;
    place.send("order.paid", json!(1)).await;
    place.receiver.until("/fail", 1).await;
    place.cell.until_count("SELECT count(*) FROM webhook_attempts WHERE status_code = 500", 1).await;
    place.cell.until_count("SELECT count(*) FROM webhook_attempts WHERE length(response) = 16384", 1).await;
    let newer = place.rotate(failing.id).await;
    place.hasten().await;
    let got = place.receiver.until("/fail", 2).await;
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    assert_eq!(got[0].body, got[1].body);
    assert!(verifies(&failing.secret, &got[1]) && verifies(&newer, &got[1]) && !verifies(&newer, &got[0]));
    place
        .cell
        .until_count("SELECT count(*) FROM webhook_attempts WHERE status_code = 500 AND response = 'answer'", 2)
        .await;
    let waits = "SELECT count(*) FROM webhook_deliveries WHERE due_at > clock_timestamp() + interval '4 minutes' \
                 AND tried = 2 AND status = 'pending'";
    assert_eq!(place.cell.count(waits).await, 1);
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_disables_at_once_and_busy_is_left_alone() {
    let place = Place::new().await;
    let gone = place.endpoint(&place.receiver.url("/gone"), &["a"], None).await;
    let busy = place.endpoint(&place.receiver.url("/busy"), &["b"], None).await;
    place.endpoint(&place.receiver.url("/owner"), &["webhook.*"], None).await;
    for n in 0..4 {
        place.send("a", json!(n)).await;
    }
    place.send("b", json!(1)).await;
    let worker = place.worker().await;
    // The owner hears of it elsewhere.
    let told: Value = serde_json::from_str(&place.receiver.until("/owner", 1).await[0].body).unwrap();
    assert_eq!((&told["type"], &told["data"]["endpoint_id"]), (&json!("webhook.endpoint_disabled"), &json!(gone.id)));
    assert_eq!(place.status(gone.id).await, "disabled");
    place.cell.until_count("SELECT count(*) FROM webhook_deliveries WHERE type = 'a' AND status = 'pending'", 0).await;
    place
        .cell
        .until_count(
            "SELECT count(*) FROM webhook_lanes WHERE rests_until > clock_timestamp() + interval '1 minute'",
            1,
        )
        .await;
    assert_eq!(place.status(busy.id).await, "enabled");
    // What was cancelled comes back by hand.
    let cancelled = place.cell.count(CANCELLED).await;
    let (mut owner, range) =
        (place.cell.owner().await, ("2020-01-01T00:00:00Z".parse().unwrap(), "2099-01-01T00:00:00Z".parse().unwrap()));
    let resent =
        deliveries::resend_range(&mut owner, place.cell.workspace_id, gone.id, range, &["cancelled".into()]).await;
    assert_eq!(i64::try_from(resent.unwrap()).unwrap(), cancelled);
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_is_followed_and_no_private_address_reached() {
    let place = Place::new().await;
    let trap = Receiver::start().await;
    place.endpoint(&place.receiver.url("/away"), &["*"], None).await;
    let port = trap.address.port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"] {
        place.endpoint(&format!("http://{host}:{port}/trap"), &["*"], None).await;
    }
    place.send("order.paid", json!(1)).await;
    let worker = place.worker().await;
    place.cell.until_count("SELECT count(*) FROM webhook_attempts WHERE error = 'address_refused'", 4).await;
    place
        .cell
        .until_count("SELECT count(*) FROM webhook_attempts WHERE error = 'redirect' AND status_code = 302", 1)
        .await;
    assert!(trap.on("/trap").is_empty() && place.receiver.on("/trap").is_empty());
    worker.drain().await;
}

#[tokio::test]
async fn what_commits_late_is_not_missed_and_nothing_is_handed_out_twice() {
    let place = Place::new().await;
    place.endpoint("https://example.com/", &["*"], None).await;
    let (mut late, mut worker) = (place.cell.owner().await, place.worker_role().await);
    sqlx::query("BEGIN").execute(&mut late).await.unwrap();
    send(&mut late, &place.cell, "late", json!(1)).await;
    place.send("early", json!(2)).await;
    assert!(is_any_endpoint(&mut worker).await.unwrap());
    let mut turn = take_turn(&mut worker, Source::Events, None).await.unwrap().unwrap();
    let before = turn.clone();
    hand_out(&mut worker, Source::Events, &mut turn).await.unwrap().unwrap();
    sqlx::query("COMMIT").execute(&mut late).await.unwrap();
    // From where it has come to, and from the beginning again: deliveries are there once.
    let mut made = 0;
    while made < 2 {
        hand_out(&mut worker, Source::Events, &mut turn).await.unwrap().unwrap();
        hand_out(&mut worker, Source::Events, &mut before.clone()).await.unwrap().unwrap();
        made = place.cell.count("SELECT count(*) FROM webhook_deliveries").await;
    }
    assert_eq!(made, 2);
    // Another process has no turn as long as this one holds it.
    assert!(take_turn(&mut worker, Source::Events, None).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_failures_warn_the_owner_and_disable_in_the_end() {
    let place = Place::new().await;
    let warned = place.endpoint(&place.receiver.url("/fail"), &["a"], None).await;
    let disabled = place.endpoint(&place.receiver.url("/fail"), &["a"], None).await;
    place.endpoint(&place.receiver.url("/owner"), &["webhook.*"], None).await;
    for (endpoint, hours) in [(&warned, 61), (&disabled, 121)] {
        sqlx::query(
            "UPDATE webhook_lanes SET failures = 9, failing_since = clock_timestamp() - make_interval(hours => $2) \
             WHERE endpoint_id = $1",
        )
        .bind(endpoint.id)
        .bind(hours)
        .execute(&mut place.cell.owner().await)
        .await
        .unwrap();
    }
    place.send("a", json!(1)).await;
    let worker = place.worker().await;
    let told = place.receiver.until("/owner", 2).await;
    let mut told: Vec<(String, Value)> = told
        .iter()
        .map(|one| serde_json::from_str::<Value>(&one.body).unwrap())
        .map(|body| (body["type"].as_str().unwrap().to_owned(), body["data"]["endpoint_id"].clone()))
        .collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let expected = [("webhook.endpoint_disabled", disabled.id), ("webhook.endpoint_failing", warned.id)];
    assert_eq!(told, expected.map(|(name, id)| (name.to_owned(), json!(id))));
    place.cell.until_count("SELECT count(*) FROM webhook_lanes WHERE warned AND failures = 10", 1).await;
    place.cell.until_count(CANCELLED, 1).await;
    worker.drain().await;
}

#[tokio::test]
async fn old_deliveries_go_with_their_attempts_and_events_and_pending_ones_stay() {
    let place = Place::new().await;
    let endpoint = place.endpoint("https://example.com/", &["*"], None).await;
    let mut owner = place.cell.owner().await;
    for _ in 0..3 {
        deliveries::send_test(&mut owner, place.cell.workspace_id, endpoint.id).await.unwrap();
    }
    for sql in [
        "UPDATE webhook_deliveries SET status = 'delivered', settled_at = clock_timestamp() \
         WHERE delivery_id IN (SELECT delivery_id FROM webhook_deliveries ORDER BY delivery_id LIMIT 2)",
        "INSERT INTO webhook_attempts (workspace_id, delivery_id, number, lease_no, started_at, duration_ms, outcome) \
         SELECT workspace_id, delivery_id, 1, 1, created_at, 1, 'delivered' FROM webhook_deliveries",
        "UPDATE webhook_deliveries SET created_at = clock_timestamp() - interval '31 days'",
        "UPDATE webhook_events SET created_at = clock_timestamp() - interval '31 days'",
    ] {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }
    let mut worker = place.worker_role().await;
    assert_eq!(deliveries::tidy(&mut worker).await.unwrap(), 4);
    assert_eq!(deliveries::tidy(&mut worker).await.unwrap(), 0);
    for table in ["webhook_deliveries", "webhook_events", "webhook_attempts"] {
        assert_eq!(place.cell.count(&format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }
}
