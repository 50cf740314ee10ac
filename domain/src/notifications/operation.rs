//! News of workspaces that are made. For the access role.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::kind::Kind;
use super::tell::{News, administrators, tell};
use crate::access::get_operation;

/// Tells who asked for it, and the administrators of the platform, that an operation has ended, in the transaction that ends it. Of one
/// that goes on nothing is told.
///
/// # Errors
/// If the database does.
pub async fn tell_of_operation(control: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    let Some(row) = get_operation(&mut *control, id).await? else { return Ok(()) };
    let Some(ended_at) = row.ended_at else { return Ok(()) };
    let name = &row.request.name;
    let (kind, summary) = match &row.error_code {
        None => (Kind::OperationCompleted, format!("The workspace {name} is made.")),
        Some(code) => {
            let detail = row.error_detail.as_deref().unwrap_or(code);
            (Kind::OperationFailed, format!("The workspace {name} could not be made: {detail}."))
        }
    };
    let source = format!("operation:{id}:{}:{}", row.status, ended_at.timestamp_micros());
    let page = format!("tenants/{}", row.workspace_id);
    let news = News { kind, source: &source, workspace_id: None, summary: &summary, page: &page, is_mailed: true };
    let told = administrators(&mut *control).await?;
    tell(&mut *control, &told, &news).await?;
    if !told.contains(&row.requested_by) {
        tell(control, &[row.requested_by], &News { page: "", ..news }).await?;
    }
    Ok(())
}
