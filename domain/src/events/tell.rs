//! Events of our own that workflows hear as well: they are kept with custom events, and nobody else can send them.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::facts;
use sqlx::PgConnection;

use super::accept::insert;
use super::event::{EventFlaw, NewEvent, check_type};
use super::room::is_full;

/// How the types of our own events begin that workflows hear.
const HEARD: [&str; 3] = ["lead.", "record.", "alert."];
/// Those of quotas that they hear.
const HEARD_OF_QUOTAS: [&str; 2] = ["quota.soft", "quota.exceeded"];
/// Those of the operation that have no rows among events, as beginnings and steps have none: workflows start at them, but no step
/// waits for one.
const STARTED_BY: [&str; 11] = [
    "quota.reconciled",
    "tenant.activated",
    "tenant.suspended",
    "tenant.resumed",
    "tenant.archived",
    "tenant.plan_changed",
    "tenant.invoice_paid",
    "tenant.payment_failed",
    "webhook.endpoint_failing",
    "webhook.endpoint_disabled",
    "webhook.delivery_failed",
];

/// Whether steps may wait for events of that type, and workflows start at them.
///
/// # Errors
/// What is wrong with it.
pub fn check_heard(name: &str) -> Result<(), EventFlaw> {
    match check_type(name) {
        Err(EventFlaw::Reserved(prefix)) if HEARD.contains(&prefix) || HEARD_OF_QUOTAS.contains(&name) => Ok(()),
        checked => checked,
    }
}

/// Whether workflows may start at events of that type.
///
/// # Errors
/// What is wrong with it.
pub fn check_starts(name: &str) -> Result<(), EventFlaw> {
    if STARTED_BY.contains(&name) || facts::TYPES.contains(&name) { Ok(()) } else { check_heard(name) }
}

/// Whether another event finds room.
///
/// # Errors
/// If the database does.
pub async fn is_room(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<bool, StoreError> {
    Ok(!is_full(connection, workspace_id).await?)
}

/// Tells an event with the transaction that it is of; ring afterwards. Its id is one that nobody else can use.
///
/// # Errors
/// If the database does.
pub async fn tell(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    event: &NewEvent,
    depth: i32,
) -> Result<(), StoreError> {
    insert(connection, workspace_id, std::slice::from_ref(event), depth).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflows_hear_of_leads_records_alerts_and_quotas_and_of_nothing_else_that_is_our_own() {
        for good in
            ["lead.created", "lead.status_changed", "record.transitioned", "alert.raised", "quota.soft", "order.paid"]
        {
            assert_eq!(check_heard(good), Ok(()), "{good}");
        }
        for bad in ["execution.completed", "quota.reconciled", "Lead.created", "lead."] {
            assert!(check_heard(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn workflows_start_at_beginnings_steps_and_what_is_told_of_the_operation_but_no_step_waits_for_them() {
        for good in ["order.paid", "lead.created", "execution.started", "step.failed", "step.waiting"]
            .into_iter()
            .chain(STARTED_BY)
        {
            assert_eq!(check_starts(good), Ok(()), "{good}");
        }
        for bad in ["execution.completed", "step.", "step.other", "step.*", "Step.failed", "webhook.test", "tenant.x"] {
            assert!(check_starts(bad).is_err(), "{bad}");
        }
        for bad in ["execution.started", "step.failed", "webhook.delivery_failed", "tenant.suspended"] {
            assert!(check_heard(bad).is_err(), "{bad}");
        }
    }
}
