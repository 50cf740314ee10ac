//! Custom fields of leads, and where leads come from.

use axum::Json;
use axum::extract::{Path, Request};
use capstan_domain::leads::{FIELDS_MAX, FieldKind, FieldRow, PutField, fields, put_field, sources as all_sources};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::LEAD_BYTES_MAX;
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;

/// Longest label, in characters.
const LABEL_CHARS_MAX: usize = 200;

/// All custom fields.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeadFieldList")]
pub(crate) struct FieldList {
    items: Vec<FieldRow>,
}

/// All sources.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeadSourceList")]
pub(crate) struct SourceList {
    items: Vec<String>,
}

/// A definition.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeadFieldWish")]
pub(crate) struct FieldWish {
    label: String,
    #[serde(rename = "type")]
    kind: FieldKind,
}

/// `GET /lead-fields`.
pub(crate) async fn list(caller: Caller) -> Result<Json<FieldList>, Problem> {
    let mut transaction = caller.read().await?;
    let items = fields(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    Ok(Json(FieldList { items }))
}

/// `PUT /lead-fields/{name} {label, type}`: the field. 409 `field_in_use`; 422 `invalid_field`, `too_many_fields`.
pub(crate) async fn put(caller: Caller, Path(name): Path<String>, request: Request) -> Result<Json<FieldRow>, Problem> {
    let FieldWish { label, kind } = body::typed(request, LEAD_BYTES_MAX).await?;
    let chars = label.trim().chars().count();
    if chars == 0 || chars > LABEL_CHARS_MAX {
        let detail = format!("the label has {chars} characters");
        let hint = format!("write 1 to {LABEL_CHARS_MAX} characters");
        return Err(Problem::unprocessable("invalid_field", detail, hint));
    }
    let field = FieldRow { name, label: label.trim().to_owned(), kind };
    let mut transaction = caller.write().await?;
    caller.hold(&mut transaction, &format!("lead field {}", field.name)).await?;
    let before = fields(&mut transaction, caller.workspace_id).await?.into_iter().find(|row| row.name == field.name);
    match put_field(&mut transaction, caller.workspace_id, &field).await? {
        PutField::Put => {
            caller.differs(&mut transaction, &json!(before), &json!(field)).await?;
            transaction.commit().await?;
            Ok(Json(field))
        }
        PutField::BadName => {
            let detail = "this cannot be the name of a field";
            let hint = "use a letter, then letters, digits and _, at most 64 bytes";
            Err(Problem::unprocessable("invalid_field", detail, hint))
        }
        PutField::InUse => {
            let detail = format!("leads have values of the field {}, of another type", field.name);
            Err(Problem::conflict("field_in_use", detail, "take another name, or keep the type"))
        }
        PutField::TooMany => {
            let detail = format!("this workspace has {FIELDS_MAX} custom fields, which is the most");
            Err(Problem::unprocessable("too_many_fields", detail, "use one that is there"))
        }
    }
}

/// `GET /lead-sources`.
pub(crate) async fn sources(caller: Caller) -> Result<Json<SourceList>, Problem> {
    let mut transaction = caller.read().await?;
    let items = all_sources(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    Ok(Json(SourceList { items }))
}
