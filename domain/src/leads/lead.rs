//! A lead as it is read.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

/// A lead with its custom values.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct LeadRow {
    /// Made by us; orders by time.
    pub lead_id: Uuid,
    /// As it was written.
    pub email: Option<String>,
    /// Of the person.
    pub name: Option<String>,
    /// As it was written.
    pub phone: Option<String>,
    /// Of the firm.
    pub company: Option<String>,
    /// A state of the pipeline.
    pub status: String,
    /// Where it first came from.
    pub source: String,
    /// Custom values by name.
    pub fields: Value,
    /// When it last agreed to what a form asked.
    pub consented_at: Option<DateTime<Utc>>,
    /// When an e-mail was last noted.
    pub last_email_at: Option<DateTime<Utc>>,
    /// When anything was last done.
    pub last_activity_at: DateTime<Utc>,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Columns of [`LeadRow`], of `leads AS l`. The values are read by their primary key.
pub(super) const COLUMNS: &str = "l.lead_id, l.email, l.name, l.phone, l.company, l.status, l.source, \
    coalesce((SELECT jsonb_object_agg(d.name, coalesce(to_jsonb(d.text_value), to_jsonb(d.number_value), \
      to_jsonb(d.boolean_value))) FROM lead_field_data d \
      WHERE d.workspace_id = l.workspace_id AND d.lead_id = l.lead_id), '{}') AS fields, \
    l.consented_at, l.last_email_at, l.last_activity_at, l.created_at, l.updated_at";

impl LeadRow {
    /// As clients and workflows see it.
    #[must_use]
    pub fn shown(&self) -> Value {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        json!({
            "id": self.lead_id, "email": self.email, "name": self.name, "phone": self.phone, "company": self.company,
            "status": self.status, "source": self.source, "fields": self.fields,
            "consented_at": self.consented_at.map(time), "last_email_at": self.last_email_at.map(time),
            "last_activity_at": time(self.last_activity_at), "created_at": time(self.created_at),
            "updated_at": time(self.updated_at),
        })
    }
}
