//! Workflows by what their nodes are configured with.

use capstan_domain::search::{CONFIGS_MATCHED_MAX, using};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::auth::Caller;
use crate::problem::Problem;

/// The workflows whose published version has a node whose configuration contains what `text`, a JSON object, says. 400 `bad_config` for
/// what is no object or holds no value, 422 `too_many_nodes` where so many nodes have it that they are not looked through.
pub(super) async fn with_config(
    connection: &mut PgConnection,
    caller: &Caller,
    text: &str,
) -> Result<Vec<Uuid>, Problem> {
    let config = object(text)?;
    let found = using(connection, caller.workspace_id, &config).await?;
    found.ok_or_else(|| {
        let detail =
            format!("more than {CONFIGS_MATCHED_MAX} nodes, of all versions, have that in their configuration");
        Problem::unprocessable("too_many_nodes", detail, "say more of the configuration that you look for")
    })
}

fn object(text: &str) -> Result<Value, Problem> {
    let bad = |detail: &str| {
        let hint = "send a part of the configuration of a node, as in config={\"url\":\"https://example.com\"}";
        Problem::bad_request("bad_config", detail, hint)
    };
    let config: Value = serde_json::from_str(text).map_err(|_| bad("config is no JSON"))?;
    if !config.is_object() {
        return Err(bad("config is no JSON object"));
    }
    // In JSON text a NUL character is escaped, and the database does not take it.
    if text.contains("\\u0000") {
        return Err(bad("config holds a NUL character"));
    }
    if !holds_a_value(&config) {
        return Err(bad("config holds no value to look for"));
    }
    Ok(config)
}

/// No deeper than the parser lets a value be.
fn holds_a_value(config: &Value) -> bool {
    match config {
        Value::Object(fields) => fields.values().any(holds_a_value),
        Value::Array(items) => items.iter().any(holds_a_value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_is_looked_for_is_an_object_with_a_value() {
        for (text, is_taken) in [
            (r#"{"url":"https://example.com"}"#, true),
            (r#"{"headers":[{"name":null}]}"#, true),
            ("{}", false),
            (r#"{"headers":{},"rows":[[]]}"#, false),
            (r#""url""#, false),
            ("url", false),
            (r#"{"url":"a\u0000"}"#, false),
        ] {
            assert_eq!(object(text).is_ok(), is_taken, "{text}");
        }
    }
}
