//! What happens after a dump was restored into another server, which counts transactions anew.

use capstan_domain::webhooks::{Source, hand_out, take_turn};
use serde_json::json;
use uuid::Uuid;

use super::Place;

#[tokio::test]
async fn what_came_along_from_another_server_is_handed_out_and_then_what_is_of_this_one() {
    let place = Place::new().await;
    let old = place.endpoint("https://example.com/old", &["order.*"], None).await;
    place.endpoint("https://example.com/young", &["order.*"], None).await;
    let (mut owner, mut worker) = (place.cell.owner().await, place.worker_role().await);
    for kind in ["order.handed_out", "order.left", "order.last"] {
        place.send(kind, json!(1)).await;
    }
    // Transactions as the other server had counted them, the first of them handed out there before the dump was taken. One endpoint
    // was made before the last of them.
    let moved = "UPDATE events SET xid = (1000000000000 + array_position( \
           ARRAY['order.handed_out', 'order.left', 'order.last'], type))::text::xid8; \
         UPDATE webhook_cursors SET xid = '1000000000001', event_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff' \
          WHERE source = 'events'; \
         UPDATE webhook_endpoints SET since = CASE WHEN url LIKE '%old' THEN '1000000000000' ELSE '1000000000003' END::xid8";
    sqlx::raw_sql(moved).execute(&mut owner).await.unwrap();
    let given = async |endpoint: Option<Uuid>, kind: &str| {
        let endpoint = endpoint.map(|id| format!("AND endpoint_id = '{id}'")).unwrap_or_default();
        place.cell.count(&format!("SELECT count(*) FROM webhook_deliveries WHERE type = '{kind}' {endpoint}")).await
    };
    let mut turn = take_turn(&mut worker, Source::Events, None).await.unwrap().unwrap();
    while hand_out(&mut worker, Source::Events, &mut turn).await.unwrap().unwrap().is_more {}
    assert_eq!((given(None, "order.handed_out").await, given(None, "order.last").await), (0, 2));
    assert_eq!((given(None, "order.left").await, given(Some(old.id), "order.left").await), (1, 1));
    // The cursor counts as this server does, and whoever takes the next turn goes on from there.
    let mine = "SELECT count(*) FROM webhook_cursors WHERE source = 'events' AND xid < '1000000000000'";
    assert_eq!(place.cell.count(mine).await, 1);
    place.send("order.new", json!(2)).await;
    while given(None, "order.new").await < 2 {
        hand_out(&mut worker, Source::Events, &mut turn).await.unwrap().unwrap();
    }
    assert_eq!(given(None, "order.left").await + given(None, "order.last").await, 3, "nothing is handed out twice");
}
