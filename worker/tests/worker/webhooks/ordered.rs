//! Endpoints that are ordered: of each thing one delivery goes after the other, and things do not wait for each other.

use capstan_domain::webhooks::lane::{Due, Health, Lane, cancel, give_up, release, target};
use capstan_domain::webhooks::let_go;

use super::*;

const FAILED: &str = "SELECT count(*) FROM webhook_attempts WHERE outcome = 'failed'";
const WAITING: &str = "SELECT count(*) FROM webhook_deliveries WHERE status = 'pending' AND due_at >= '9999-01-01'";
/// Nothing is under way any more that is older than the events are: all of them can be handed out.
const ALL_BELOW: &str =
    "SELECT (NOT EXISTS (SELECT FROM events WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())))::int::bigint";

async fn set_ordered(place: &Place, id: Uuid, path: &str, types: &[&str], ordered: bool) {
    let types = types.iter().map(|&name| name.to_owned()).collect();
    let (url, description, ordered) = (place.receiver.url(path), String::new(), Some(ordered));
    let wish =
        Wish { url, types, filter: None, description, rate_per_s: None, concurrency: 10, asymmetric: None, ordered };
    assert!(endpoints::update(&mut place.cell.owner().await, place.cell.workspace_id, id, &wish).await.unwrap());
}

async fn ordered(place: &Place, path: &str, types: &[&str]) -> Uuid {
    let id = place.endpoint(&place.receiver.url(path), types, None).await.id;
    set_ordered(place, id, path, types, true).await;
    assert!(place.found(id).await.is_ordered);
    id
}

/// An event of a thing.
async fn tell(connection: &mut PgConnection, place: &Place, key: &str, name: &str) {
    sqlx::query(
        "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
         VALUES ($1, $2, $3, 'order.paid', $4, $5, 0)",
    )
    .bind(place.cell.workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(Uuid::now_v7().to_string())
    .bind(key)
    .bind(json!(name))
    .execute(connection)
    .await
    .unwrap();
}

async fn tell_all(place: &Place, told: &[(&str, &str)]) {
    let mut owner = place.cell.owner().await;
    for (key, name) in told {
        tell(&mut owner, place, key, name).await;
    }
}

fn name_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body["data"]["data"].as_str().unwrap().to_owned()
}

/// The names of the events that came to a path, of those that begin so.
fn came(place: &Place, path: &str, prefix: &str) -> Vec<String> {
    let names = place.receiver.on(path).into_iter().map(|one| name_of(&one.body));
    names.filter(|name| name.starts_with(prefix)).collect()
}

/// Hands out all events that there are.
async fn hand_out_all(place: &Place, worker: &mut PgConnection) {
    place.cell.until_count(ALL_BELOW, 1).await;
    place.cell.run("UPDATE webhook_cursors SET leased_until = '-infinity'").await;
    let mut turn = take_turn(worker, Source::Events, None).await.unwrap().unwrap();
    while hand_out(worker, Source::Events, &mut turn).await.unwrap().unwrap().is_more {}
}

/// Takes the lane of the one endpoint, for which so many deliveries were made.
async fn taken(place: &Place, worker: &mut PgConnection, count: i64) -> Lane {
    hand_out_all(place, worker).await;
    assert_eq!(place.cell.count("SELECT count(*) FROM webhook_deliveries").await, count);
    claim_lanes(worker, false, ROOM, lasting(LEASE)).await.unwrap().remove(0)
}

async fn due_now(worker: &mut PgConnection, lane: &Lane) -> Vec<Due> {
    due(worker, lane, &[], 10).await.unwrap()
}

async fn names_due(worker: &mut PgConnection, lane: &Lane) -> Vec<String> {
    let mut names: Vec<String> = due_now(worker, lane).await.iter().map(|due| name_of(&due.body)).collect();
    names.sort_unstable();
    names
}

/// Ends the only delivery that is due, whose event has that name.
async fn end(worker: &mut PgConnection, lane: &Lane, name: &str, next: Next) {
    let mut due = due_now(worker, lane).await;
    assert_eq!(due.iter().map(|due| name_of(&due.body)).collect::<Vec<_>>(), [name]);
    let (status, error) = if next == Next::Delivered { (200, None) } else { (500, Some("status")) };
    let duration = Duration::from_millis(3);
    let attempt =
        Attempt { status: Some(status), retry_after: None, broke: None, detail: None, response: None, duration };
    assert!(settle(worker, lane, &due.remove(0), &attempt, error, &next).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_holds_up_what_is_of_the_same_thing_and_nothing_else() {
    let place = Place::new().await;
    ordered(&place, "/moody", &["order.*"]).await;
    tell_all(&place, &[("a", "a1 moody"), ("a", "a2"), ("a", "a3"), ("b", "b1")]).await;
    let worker = place.worker().await;
    place.cell.until_count(DELIVERED, 1).await;
    place.cell.until_count("SELECT least(count(*), 1) FROM webhook_attempts WHERE outcome = 'failed'", 1).await;
    place.hasten().await;
    place.cell.until_count(FAILED, 2).await;
    assert_eq!(came(&place, "/moody", "b"), ["b1"]);
    assert_eq!(came(&place, "/moody", "a"), ["a1 moody", "a1 moody"]);
    assert_eq!(place.cell.count(WAITING).await, 2);
    place.hasten().await;
    place.cell.until_count(DELIVERED, 4).await;
    assert_eq!(came(&place, "/moody", "a"), ["a1 moody", "a1 moody", "a1 moody", "a2", "a3"]);
    assert_eq!((place.cell.count(FAILED).await, place.cell.count(WAITING).await), (2, 0));
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_of_one_thing_never_overlap_though_ten_may_go_at_a_time() {
    const EACH: i64 = 10;
    let place = Place::new().await;
    ordered(&place, "/fine", &["order.*"]).await;
    let names: Vec<(String, String)> =
        (0..EACH).flat_map(|n| ["a", "b"].map(|key| (key.to_owned(), format!("{key}{n}")))).collect();
    tell_all(&place, &names.iter().map(|(key, name)| (key.as_str(), name.as_str())).collect::<Vec<_>>()).await;
    let worker = place.worker().await;
    place.cell.until_count(DELIVERED, 2 * EACH).await;
    worker.drain().await;
    for key in ["a", "b"] {
        assert_eq!(came(&place, "/fine", key), (0..EACH).map(|n| format!("{key}{n}")).collect::<Vec<_>>());
    }
    // As the database keeps them: no attempt begins before the one before it has ended.
    let early = "SELECT count(*) FROM webhook_deliveries d JOIN webhook_attempts a USING (workspace_id, delivery_id) \
        JOIN webhook_deliveries f ON f.line = d.line AND f.place < d.place \
        JOIN webhook_attempts b ON b.workspace_id = f.workspace_id AND b.delivery_id = f.delivery_id \
        WHERE a.started_at < b.started_at + b.duration_ms * interval '1 ms'";
    assert_eq!(place.cell.count(early).await, 0);
    assert_eq!(place.cell.count("SELECT count(DISTINCT line) FROM webhook_deliveries").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_told_of_from_its_beginning_to_its_end() {
    let place = Place::new().await;
    let types = ["execution.started", "step.completed", "execution.completed"];
    ordered(&place, "/told", &types).await;
    let noop = |id| node(id, "debug.noop", json!({}));
    let steps = graph(vec![noop("a"), noop("b")], &[("start", "out", "a"), ("a", "out", "b")]);
    let version = place.cell.publish(&steps).await;
    let worker = place.worker().await;
    place.cell.start(version, json!({})).await;
    let told = place.receiver.until("/told", 4).await;
    let of = |one: &Received| serde_json::from_str::<Value>(&one.body).unwrap();
    let kinds: Vec<Value> = told.iter().map(|one| of(one)["type"].clone()).collect();
    assert_eq!(kinds, ["execution.started", "step.completed", "step.completed", "execution.completed"]);
    assert_eq!((&of(&told[1])["data"]["node_id"], &of(&told[2])["data"]["node_id"]), (&json!("a"), &json!("b")));
    worker.drain().await;
}

#[tokio::test]
async fn who_takes_over_from_a_lost_process_goes_on_with_the_same_one() {
    let place = Place::new().await;
    ordered(&place, "/never", &["order.*"]).await;
    tell_all(&place, &[("a", "a1"), ("a", "a2"), ("b", "b1"), ("", "c1"), ("", "c2")]).await;
    let mut worker = place.worker_role().await;
    let lost = taken(&place, &mut worker, 5).await;
    // What is of nothing stands in no line.
    assert_eq!(names_due(&mut worker, &lost).await, ["a1", "b1", "c1", "c2"]);
    let sent = due_now(&mut worker, &lost).await;
    place.cell.run("UPDATE webhook_lanes SET leased_until = '-infinity'").await;
    let held = claim_lanes(&mut worker, false, ROOM, lasting(LEASE)).await.unwrap().remove(0);
    assert_eq!(names_due(&mut worker, &held).await, ["a1", "b1", "c1", "c2"]);
    let duration = Duration::from_millis(3);
    let fine = Attempt { status: Some(200), retry_after: None, broke: None, detail: None, response: None, duration };
    for one in &sent {
        assert!(!settle(&mut worker, &lost, one, &fine, None, &Next::Delivered).await.unwrap());
    }
    assert_eq!(place.cell.count(WAITING).await, 1, "what a lost process sent ends nothing");
    for one in &sent {
        assert!(settle(&mut worker, &held, one, &fine, None, &Next::Delivered).await.unwrap());
    }
    end(&mut worker, &held, "a2", Next::Delivered).await;
}

#[tokio::test]
async fn what_has_failed_or_was_cancelled_lets_the_next_one_go_and_comes_again_in_order() {
    let place = Place::new().await;
    let id = ordered(&place, "/never", &["order.*"]).await;
    tell_all(&place, &[("a", "a1"), ("a", "a2"), ("a", "a3"), ("a", "a4")]).await;
    let (mut owner, mut worker) = (place.cell.owner().await, place.worker_role().await);
    let lane = taken(&place, &mut worker, 4).await;
    end(&mut worker, &lane, "a1", Next::Failed("all attempts have failed")).await;
    // Days later: one that was tried is given up, and one that has waited until then is tried once.
    let later = "UPDATE webhook_deliveries SET deadline_at = clock_timestamp(), \
        tried = CASE WHEN due_at < '9999-01-01' THEN 1 ELSE 0 END WHERE status = 'pending'";
    sqlx::query(later).execute(&mut owner).await.unwrap();
    let over = due_now(&mut worker, &lane).await.remove(0);
    assert_eq!((name_of(&over.body).as_str(), over.over), ("a2", true));
    assert!(give_up(&mut worker, &lane, &over).await.unwrap());
    let last = due_now(&mut worker, &lane).await.remove(0);
    assert_eq!((name_of(&last.body).as_str(), last.over, last.is_last), ("a3", false, true));
    end(&mut worker, &lane, "a3", Next::Delivered).await;
    assert_eq!(names_due(&mut worker, &lane).await, ["a4"]);
    assert_eq!(cancel(&mut worker, &lane, "disabled").await.unwrap(), 1);
    assert_eq!((place.cell.count(CANCELLED).await, place.cell.count(PENDING).await), (1, 0));
    let range = ("2020-01-01T00:00:00Z".parse().unwrap(), "2099-01-01T00:00:00Z".parse().unwrap());
    let statuses = ["failed".to_owned(), "cancelled".to_owned()];
    let resent = deliveries::resend_range(&mut owner, place.cell.workspace_id, id, range, &statuses).await;
    assert_eq!(resent.unwrap(), 3);
    for name in ["a1", "a2", "a4"] {
        end(&mut worker, &lane, name, Next::Delivered).await;
    }
    assert_eq!(place.cell.count(DELIVERED).await, 4);
}

#[tokio::test]
async fn one_that_is_sent_again_goes_back_to_its_place_and_waits_for_what_is_on_its_way() {
    let place = Place::new().await;
    ordered(&place, "/never", &["order.*"]).await;
    tell_all(&place, &[("a", "a1"), ("a", "a2"), ("a", "a3")]).await;
    let (mut owner, mut worker) = (place.cell.owner().await, place.worker_role().await);
    let lane = taken(&place, &mut worker, 3).await;
    let first = due_now(&mut worker, &lane).await.remove(0).delivery_id;
    end(&mut worker, &lane, "a1", Next::Delivered).await;
    let mut again = async |id: Uuid| {
        let row = deliveries::find(&mut owner, place.cell.workspace_id, id).await.unwrap().unwrap();
        deliveries::resend(&mut owner, place.cell.workspace_id, &row).await.unwrap();
        deliveries::find(&mut owner, place.cell.workspace_id, id).await.unwrap().unwrap().waits_in_line()
    };
    assert!(again(first).await, "a2 is on its way");
    let second = due_now(&mut worker, &lane).await.remove(0).delivery_id;
    assert!(!again(second).await, "it is on its way, and tried at once");
    for name in ["a2", "a1", "a3"] {
        end(&mut worker, &lane, name, Next::Delivered).await;
    }
    assert_eq!(place.cell.count(DELIVERED).await, 3);
}

#[tokio::test]
async fn what_waits_is_let_go_once_the_endpoint_is_not_ordered_any_more() {
    let place = Place::new().await;
    let id = ordered(&place, "/never", &["order.*"]).await;
    tell_all(&place, &[("a", "a1"), ("a", "a2"), ("a", "a3")]).await;
    let mut worker = place.worker_role().await;
    let lane = taken(&place, &mut worker, 3).await;
    assert!(!target(&mut worker, &lane).await.unwrap().unwrap().0.is_loose);
    set_ordered(&place, id, "/never", &["order.*"], false).await;
    assert!(target(&mut worker, &lane).await.unwrap().unwrap().0.is_loose);
    while let_go(&mut worker, &lane).await.unwrap() {}
    assert!(!target(&mut worker, &lane).await.unwrap().unwrap().0.is_loose);
    assert_eq!(names_due(&mut worker, &lane).await, ["a1", "a2", "a3"]);
    // What comes from now on waits for nothing.
    tell_all(&place, &[("a", "a4")]).await;
    hand_out_all(&place, &mut worker).await;
    assert_eq!(names_due(&mut worker, &lane).await, ["a1", "a2", "a3", "a4"]);
}

#[tokio::test]
async fn no_line_is_left_behind_where_an_endpoint_is_soon_ordered_again() {
    let place = Place::new().await;
    let id = ordered(&place, "/never", &["order.*"]).await;
    tell_all(&place, &[("a", "a1"), ("a", "a2")]).await;
    let (mut owner, mut worker) = (place.cell.owner().await, place.worker_role().await);
    let lane = taken(&place, &mut worker, 2).await;
    let first = due_now(&mut worker, &lane).await.remove(0).delivery_id;
    set_ordered(&place, id, "/never", &["order.*"], false).await;
    let row = deliveries::find(&mut owner, place.cell.workspace_id, first).await.unwrap().unwrap();
    deliveries::resend(&mut owner, place.cell.workspace_id, &row).await.unwrap();
    set_ordered(&place, id, "/never", &["order.*"], true).await;
    for name in ["a1", "a2"] {
        end(&mut worker, &lane, name, Next::Delivered).await;
    }
}

#[tokio::test]
async fn what_ceases_to_be_ordered_during_a_turn_is_let_go_right_after_it() {
    let place = Place::new().await;
    let id = ordered(&place, "/never", &["order.*"]).await;
    tell_all(&place, &[("a", "a1"), ("a", "a2")]).await;
    let mut worker = place.worker_role().await;
    let lane = taken(&place, &mut worker, 2).await;
    let (found, _) = target(&mut worker, &lane).await.unwrap().unwrap();
    set_ordered(&place, id, "/never", &["order.*"], false).await;
    end(&mut worker, &lane, "a1", Next::Retry(Duration::from_secs(3_600))).await;
    let calm = Health { failures: 0, pause: Duration::ZERO, gone: false };
    release(&mut worker, &lane, Some(&found), calm).await.unwrap();
    let again = claim_lanes(&mut worker, false, ROOM, lasting(LEASE)).await.unwrap().remove(0);
    while let_go(&mut worker, &again).await.unwrap() {}
    assert_eq!(names_due(&mut worker, &again).await, ["a2"]);
}

#[tokio::test]
async fn of_transactions_that_ran_at_once_the_one_goes_first_that_told_of_the_thing_first() {
    let place = Place::new().await;
    ordered(&place, "/never", &["order.*"]).await;
    let (mut late, mut worker) = (place.cell.owner().await, place.worker_role().await);
    sqlx::raw_sql("BEGIN; SELECT pg_current_xact_id()").execute(&mut late).await.unwrap();
    tell_all(&place, &[("a", "a1")]).await;
    tell(&mut late, &place, "a", "a2").await;
    sqlx::query("COMMIT").execute(&mut late).await.unwrap();
    let lane = taken(&place, &mut worker, 2).await;
    for name in ["a1", "a2"] {
        end(&mut worker, &lane, name, Next::Delivered).await;
    }
}

#[tokio::test]
async fn a_long_line_is_not_read_to_find_what_comes_next() {
    const READ: &str = "SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint \
        FROM pg_stat_xact_user_tables WHERE relname = 'webhook_deliveries'";
    let place = Place::new().await;
    ordered(&place, "/never", &["order.*"]).await;
    tell_all(&place, &[("a", "a1"), ("a", "a2")]).await;
    let mut worker = place.worker_role().await;
    let lane = taken(&place, &mut worker, 2).await;
    let more = "INSERT INTO webhook_deliveries (workspace_id, delivery_id, endpoint_id, event_id, type, deadline_at, due_at, line, \
          place) \
        SELECT d.workspace_id, gen_random_uuid(), d.endpoint_id, gen_random_uuid(), d.type, d.deadline_at, d.due_at, d.line, \
          d.place + n FROM webhook_deliveries d, generate_series(1, 20000) n WHERE d.due_at >= '9999-01-01'";
    place.cell.run(more).await;
    assert_eq!(place.cell.count(WAITING).await, 20_001);
    sqlx::query("BEGIN").execute(&mut worker).await.unwrap();
    let before: i64 = sqlx::query_scalar(READ).fetch_one(&mut worker).await.unwrap();
    end(&mut worker, &lane, "a1", Next::Delivered).await;
    assert_eq!(names_due(&mut worker, &lane).await, ["a2"]);
    let read: i64 = sqlx::query_scalar(READ).fetch_one(&mut worker).await.unwrap();
    assert!(read - before < 50, "{} rows were read", read - before);
}
