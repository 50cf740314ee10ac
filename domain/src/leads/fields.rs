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
    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
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

    /// Whether it holds that value as it is.
    #[must_use]
    pub fn takes(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Number, Value::Number(_)) | (Self::Boolean, Value::Bool(_)) => true,
            (Self::Date, Value::String(text)) => text.len() == 10 && text.parse::<NaiveDate>().is_ok(),
            _ => false,
        }
    }

    /// Whether it holds every value of `other` as it is.
    #[must_use]
    pub fn takes_all_of(self, other: Self) -> bool {
        self == other || (self, other) == (Self::Text, Self::Date)
    }

    /// The value as it would be held, if it can be: a text takes everything, and of a text becomes what it says.
    fn fit(self, value: Value) -> Option<Value> {
        match (self, value) {
            (kind, value) if kind.takes(&value) => Some(value),
            (Self::Text, value) => Some(Value::String(value.to_string())),
            (kind, Value::String(text)) => kind.read(text.trim()).filter(|value| kind.takes(value)),
            _ => None,
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
    let new: Vec<(&str, FieldKind)> =
        new.iter().map(|(name, value)| (name.as_str(), FieldKind::of_value(value))).collect();
    define(connection, workspace_id, &new).await?;
    Ok(Vec::new())
}

/// The same for values that are not refused: those of a field of another type are turned into it. What cannot be turned, and
/// what is one field too many, is taken out of `values`: why, by name.
pub(super) async fn fit(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    values: &mut Map<String, Value>,
) -> Result<Map<String, Value>, StoreError> {
    let mut left_out = Map::new();
    if values.is_empty() {
        return Ok(left_out);
    }
    let known = fields(&mut *connection, workspace_id).await?;
    let known: HashMap<&str, FieldKind> = known.iter().map(|field| (field.name.as_str(), field.kind)).collect();
    let mut room = usize::try_from(FIELDS_MAX).unwrap_or(usize::MAX).saturating_sub(known.len());
    let mut new: Vec<(String, FieldKind)> = Vec::new();
    for (name, value) in std::mem::take(values) {
        let fitting = match known.get(name.as_str()) {
            Some(kind) => kind.fit(value).ok_or("wrong_type"),
            None if room == 0 => Err("too_many_fields"),
            None => {
                room -= 1;
                new.push((name.clone(), FieldKind::of_value(&value)));
                Ok(value)
            }
        };
        match fitting {
            Ok(value) => values.insert(name, value),
            Err(why) => left_out.insert(name, why.into()),
        };
    }
    let new: Vec<(&str, FieldKind)> = new.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    define(connection, workspace_id, &new).await?;
    Ok(left_out)
}

/// Defines fields that are not known; one that somebody else has just defined stays as it is.
async fn define(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &[(&str, FieldKind)],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO lead_fields (workspace_id, name, label, type) \
         SELECT $1, n.name, n.name, n.type FROM unnest($2::text[], $3::text[]) AS n (name, type) ORDER BY n.name \
         ON CONFLICT DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(new.iter().map(|(name, _)| *name).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, kind)| kind.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_turned_into_what_the_field_holds_or_not_held() {
        for (kind, value, held) in [
            (FieldKind::Text, json!("a"), Some(json!("a"))),
            (FieldKind::Text, json!(3.5), Some(json!("3.5"))),
            (FieldKind::Text, json!(true), Some(json!("true"))),
            (FieldKind::Number, json!(" 3000 "), Some(json!(3000))),
            (FieldKind::Number, json!("many"), None),
            (FieldKind::Number, json!(true), None),
            (FieldKind::Boolean, json!("false"), Some(json!(false))),
            (FieldKind::Boolean, json!(1), None),
            (FieldKind::Date, json!("2026-01-31"), Some(json!("2026-01-31"))),
            (FieldKind::Date, json!("2026-02-30"), None),
        ] {
            assert_eq!(kind.fit(value.clone()), held, "{kind:?} {value}");
        }
    }
}
