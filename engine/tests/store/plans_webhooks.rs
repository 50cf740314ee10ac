//! The plans of what the end of a delivery in line does, under the worker's role, on a long line that the planner knows nothing of.

use capstan_engine::store::connect::Role;

use super::explain::Plans;
use super::plans_data::empty;

const ENDPOINT: &str = "00000000-0000-7000-8000-00000000000e";
/// Deliveries that wait in the line, and so many of endpoints that are not ordered.
const WAITING: i64 = 20_000;
/// Ends after which the server settles for a plan.
const WARM_UP: i64 = 8;

#[tokio::test]
async fn the_next_delivery_of_a_line_is_found_in_one_step_however_long_the_line_is() {
    let cell = empty().await;
    let (workspace, mut worker) = (cell.workspace, cell.connect(Role::Worker).await);
    let deliveries = |endpoint: &str, due_at: &str, line: &str, from: i64, count: i64| {
        format!(
            "INSERT INTO webhook_deliveries (workspace_id, delivery_id, endpoint_id, event_id, type, deadline_at, due_at, line, place) \
             SELECT '{workspace}', lpad(to_hex({from} + n), 32, '0')::uuid, '{endpoint}', gen_random_uuid(), 't', now(), {due_at}, \
               {line} FROM generate_series(0, {count} - 1) n"
        )
    };
    let waiting = |from: i64, count: i64| {
        deliveries(ENDPOINT, "'9999-01-01 00:00:00+00'", &format!("'lead:1', {from} + n"), from, count)
    };
    cell.execute(&format!(
        "INSERT INTO webhook_lanes (workspace_id, endpoint_id, lease_no) VALUES ('{workspace}', '{ENDPOINT}', 1)"
    ))
    .await;
    cell.execute(&deliveries(ENDPOINT, "now()", "'lead:1', 0", 0, 1)).await;
    cell.execute(&waiting(1, WARM_UP)).await;
    let end = |place: i64| {
        format!(
            "SELECT settle_delivery_1('{workspace}', '{ENDPOINT}', 1, lpad(to_hex({place}), 32, '0')::uuid, 0, 'delivered', NULL, 0, \
               now(), 1, 200, NULL, NULL, NULL)"
        )
    };
    for place in 0..WARM_UP {
        sqlx::query(&end(place)).execute(&mut worker).await.unwrap();
    }
    cell.execute(&waiting(WARM_UP + 1, WAITING)).await;
    cell.execute(&deliveries(&ENDPOINT.replace('e', "f"), "now()", "NULL, NULL", 1_000_000, WAITING)).await;
    let plans = Plans::of(&mut worker).await;
    for (place, is_analysed) in [(WARM_UP, false), (WARM_UP + 1, true)] {
        if is_analysed {
            cell.execute("ANALYZE").await;
        }
        plans.take();
        sqlx::query(&end(place)).execute(&mut worker).await.unwrap();
        plans.take_one("UPDATE webhook_deliveries d SET due_at").assert_by_index("webhook_deliveries_lines", 1);
        let on_its_way = format!(
            "SELECT count(*) FROM webhook_deliveries WHERE line IS NOT NULL AND status = 'pending' AND due_at <= now() \
               AND place = {place} + 1"
        );
        assert_eq!(cell.count(&on_its_way).await, 1);
    }
}
