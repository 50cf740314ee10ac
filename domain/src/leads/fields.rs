//! Custom fields: which there are, and their values.

use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::patch::{LeadFlaw, is_field_name};

/// Most custom fields of a workspace.
pub const FIELDS_MAX: i64 = 300;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "LeadFieldType")]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A day, as `2026-01-31`.
    Date,
}

impl FieldKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
        }
    }

    fn of_word(word: &str) -> Result<Self, StoreError> {
        let all = [Self::Text, Self::Number, Self::Boolean, Self::Date];
        let found = all.into_iter().find(|kind| kind.as_str() == word);
        found.ok_or_else(|| StoreError::Corrupt(format!("there is no type {word:?} of custom fields")))
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Boolean,
            _ => Self::Text,
        }
    }

    fn takes(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Number, Value::Number(_)) | (Self::Boolean, Value::Bool(_)) => true,
            (Self::Date, Value::String(text)) => text.len() == 10 && text.parse::<NaiveDate>().is_ok(),
            _ => false,
        }
    }

    /// A value as it stands in the query of an address.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Text | Self::Date => Some(Value::String(text.into())),
            Self::Number => serde_json::from_str(text).ok().filter(Value::is_number),
            Self::Boolean => serde_json::from_str(text).ok().filter(Value::is_boolean),
        }
    }
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "LeadField")]
pub struct FieldRow {
    /// Key in `fields` of a lead.
    pub name: String,
    /// For people.
    pub label: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
}

/// What became of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutField {
    /// It holds.
    Put,
    /// Its name cannot be used.
    BadName,
    /// Values of another type are there.
    InUse,
    /// [`FIELDS_MAX`] are there.
    TooMany,
}

#[derive(FromRow)]
struct Stored {
    name: String,
    label: String,
    r#type: String,
}

/// All of them, by name.
///
/// # Errors
/// If the database does.
pub async fn fields(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<FieldRow>, StoreError> {
    let rows: Vec<Stored> =
        sqlx::query_as("SELECT name, label, type FROM lead_fields WHERE workspace_id = $1 ORDER BY name LIMIT $2")
            .bind(workspace_id.0)
            .bind(FIELDS_MAX)
            .fetch_all(connection)
            .await?;
    let read = |row: Stored| Ok(FieldRow { kind: FieldKind::of_word(&row.r#type)?, name: row.name, label: row.label });
    rows.into_iter().map(read).collect()
}

/// Defines a field, or changes what it is called. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn put_field(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    field: &FieldRow,
) -> Result<PutField, StoreError> {
    if !is_field_name(&field.name) {
        return Ok(PutField::BadName);
    }
    let known = fields(&mut *connection, workspace_id).await?;
    match known.iter().find(|known| known.name == field.name) {
        Some(known) if known.kind != field.kind => {
            let is_used: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM lead_field_data WHERE workspace_id = $1 AND name = $2 \
                   AND (text_value IS NOT NULL OR number_value IS NOT NULL OR boolean_value IS NOT NULL))",
            )
            .bind(workspace_id.0)
            .bind(&field.name)
            .fetch_one(&mut *connection)
            .await?;
            if is_used {
                return Ok(PutField::InUse);
            }
        }
        None if known.len() >= usize::try_from(FIELDS_MAX).unwrap_or(usize::MAX) => return Ok(PutField::TooMany),
        _ => {}
    }
    sqlx::query(
        "INSERT INTO lead_fields (workspace_id, name, label, type) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id, name) DO UPDATE SET label = excluded.label, type = excluded.type",
    )
    .bind(workspace_id.0)
    .bind(&field.name)
    .bind(&field.label)
    .bind(field.kind.as_str())
    .execute(connection)
    .await?;
    Ok(PutField::Put)
}

/// Defines the fields of `values` that are not known, by what they hold; what does not fit those that are.
pub(super) async fn know(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    values: &Map<String, Value>,
) -> Result<Vec<LeadFlaw>, StoreError> {
    let values: Vec<(&String, &Value)> = values.iter().filter(|(_, value)| !value.is_null()).collect();
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let known = fields(&mut *connection, workspace_id).await?;
    let known: HashMap<&str, FieldKind> = known.iter().map(|field| (field.name.as_str(), field.kind)).collect();
    let wrong = values.iter().filter_map(|(name, value)| {
        let kind = known.get(name.as_str()).filter(|kind| !kind.takes(value))?;
        let wanted = if *kind == FieldKind::Date { "a date such as 2026-01-31" } else { kind.as_str() };
        Some(LeadFlaw::new(format!("fields/{name}"), "wrong_type", format!("{name} must be {wanted}")))
    });
    let flaws: Vec<LeadFlaw> = wrong.collect();
    let new: Vec<_> = values.iter().filter(|(name, _)| !known.contains_key(name.as_str())).collect();
    if !flaws.is_empty() || new.is_empty() {
        return Ok(flaws);
    }
    if known.len() + new.len() > usize::try_from(FIELDS_MAX).unwrap_or(usize::MAX) {
        let detail = format!("a workspace has at most {FIELDS_MAX} custom fields");
        return Ok(vec![LeadFlaw::new("fields", "too_many", detail)]);
    }
    sqlx::query(
        "INSERT INTO lead_fields (workspace_id, name, label, type) \
         SELECT $1, n.name, n.name, n.type FROM unnest($2::text[], $3::text[]) AS n (name, type) ORDER BY n.name \
         ON CONFLICT DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(new.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, value)| FieldKind::of_value(value).as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(Vec::new())
}

/// Writes values of a lead; those of null go.
pub(super) async fn write(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
    values: &Map<String, Value>,
) -> Result<(), StoreError> {
    let (gone, kept): (Vec<_>, Vec<_>) = values.iter().partition(|(_, value)| value.is_null());
    if !gone.is_empty() {
        sqlx::query("DELETE FROM lead_field_data WHERE workspace_id = $1 AND lead_id = $2 AND name = ANY ($3)")
            .bind(workspace_id.0)
            .bind(lead_id)
            .bind(gone.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    if kept.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO lead_field_data (workspace_id, lead_id, name, text_value, number_value, boolean_value) \
         SELECT $1, $2, n.name, CASE WHEN jsonb_typeof(n.value) = 'string' THEN n.value #>> '{}' END, \
                CASE WHEN jsonb_typeof(n.value) = 'number' THEN (n.value #>> '{}')::numeric END, \
                CASE WHEN jsonb_typeof(n.value) = 'boolean' THEN (n.value #>> '{}')::boolean END \
           FROM unnest($3::text[], $4::jsonb[]) AS n (name, value) ORDER BY n.name \
         ON CONFLICT (workspace_id, lead_id, name) DO UPDATE \
           SET text_value = excluded.text_value, number_value = excluded.number_value, \
               boolean_value = excluded.boolean_value, updated_at = clock_timestamp()",
    )
    .bind(workspace_id.0)
    .bind(lead_id)
    .bind(kept.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
    .bind(kept.iter().map(|(_, value)| *value).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
