//! Leads as clients see them.

use capstan_domain::leads::{HistoryRow, LeadRow};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::openapi::shapes::{Id, Time};

/// A lead.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Lead")]
pub(crate) struct LeadView {
    #[schemars(with = "Id")]
    id: Uuid,
    email: Option<String>,
    name: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    /// A state of the pipeline.
    status: String,
    source: String,
    /// Custom values by name.
    #[schemars(with = "Map<String, Value>")]
    fields: Value,
    #[schemars(with = "Option<Time>")]
    consented_at: Option<DateTime<Utc>>,
    #[schemars(with = "Option<Time>")]
    last_email_at: Option<DateTime<Utc>>,
    #[schemars(with = "Time")]
    last_activity_at: DateTime<Utc>,
    #[schemars(with = "Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Time")]
    updated_at: DateTime<Utc>,
}

impl From<LeadRow> for LeadView {
    fn from(row: LeadRow) -> Self {
        Self {
            id: row.lead_id,
            email: row.email,
            name: row.name,
            phone: row.phone,
            company: row.company,
            status: row.status,
            source: row.source,
            fields: row.fields,
            consented_at: row.consented_at,
            last_email_at: row.last_email_at,
            last_activity_at: row.last_activity_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Something that was done to a lead.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeadEvent")]
pub(crate) struct LeadEventView {
    #[schemars(with = "Id")]
    id: Uuid,
    #[schemars(with = "Id")]
    lead_id: Uuid,
    /// `created`, `updated`, `status_changed`, `form_submitted`, `webhook_received`, `note`, `email`, `call`, `meeting`,
    /// `deleted` or `restored`.
    #[serde(rename = "type")]
    type_name: String,
    by: LeadActor,
    #[schemars(with = "Option<Id>")]
    execution_id: Option<Uuid>,
    #[schemars(with = "Map<String, Value>")]
    data: Value,
    #[schemars(with = "Time")]
    at: DateTime<Utc>,
}

/// Who did something to a lead.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LeadActor {
    /// `user`, `key`, `step`, `form` or `hook`.
    kind: String,
    name: String,
}

impl From<HistoryRow> for LeadEventView {
    fn from(row: HistoryRow) -> Self {
        Self {
            id: row.event_id,
            lead_id: row.lead_id,
            type_name: row.type_name,
            by: LeadActor { kind: row.by_kind, name: row.by_name },
            execution_id: row.execution_id,
            data: row.data,
            at: row.created_at,
        }
    }
}
