//! What the owner of an endpoint is told of it: events, which go to the other endpoints of the workspace.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::body::wire_id;
use super::handout::of_endpoint;
use super::lane::{Due, Lane, Target};
use crate::notifications::{Kind, leave};

/// Tells of an endpoint.
pub(super) async fn tell(
    connection: &mut PgConnection,
    lane: &Lane,
    type_name: &str,
    target: &Target,
    reason: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) \
         VALUES (event_id_1(clock_timestamp()), $1, $2, $3, $4)",
    )
    .bind(lane.workspace_id)
    .bind(type_name)
    .bind(lane.endpoint_id)
    .bind(of_endpoint(lane.endpoint_id, &target.url, lane.failing_since, reason))
    .execute(connection)
    .await?;
    Ok(())
}

/// Tells people that an endpoint was disabled. What its address asks with may be a secret.
pub(super) async fn tell_people(
    connection: &mut PgConnection,
    lane: &Lane,
    target: &Target,
    reason: &str,
) -> Result<(), StoreError> {
    let address = target.url.split(['?', '#']).next().unwrap_or_default();
    let summary = format!("The webhook endpoint {address} was disabled: {reason}.");
    let (key, page) = (format!("endpoint:{}", Uuid::now_v7()), format!("webhooks/{}", lane.endpoint_id));
    leave(connection, lane.workspace_id, Kind::EndpointDisabled, &key, &summary, &page).await
}

/// Tells of a delivery, if it has failed for good: a person may have sent it again meanwhile. Of deliveries that tell of
/// endpoints themselves nothing is told, so that no failure leads to another one.
pub(super) async fn tell_of_failed(connection: &mut PgConnection, lane: &Lane, due: &Due) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) \
         SELECT event_id_1(clock_timestamp()), d.workspace_id, 'webhook.delivery_failed', d.endpoint_id, \
           jsonb_build_object('endpoint_id', d.endpoint_id, 'delivery_id', d.delivery_id, 'event_id', $3::text, \
             'type', d.type, 'attempts', d.attempts, 'reason', d.reason) \
         FROM webhook_deliveries d \
         WHERE d.workspace_id = $1 AND d.delivery_id = $2 AND d.status = 'failed' AND d.type NOT LIKE 'webhook.%'",
    )
    .bind(lane.workspace_id)
    .bind(due.delivery_id)
    .bind(wire_id(due.event_id))
    .execute(connection)
    .await?;
    Ok(())
}
