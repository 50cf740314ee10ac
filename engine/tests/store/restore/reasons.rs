//! What is said of a line that is no row: which column, and what is wrong with it.

use serde_json::json;

use super::*;

/// The first of these lines with another value in a column.
fn with(lines: &[u8], column: &str, value: Value) -> String {
    let first = lines.split(|byte| *byte == b'\n').next().unwrap();
    let mut row: Value = serde_json::from_slice(first).unwrap();
    row[column] = value;
    row.to_string()
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_named_with_its_column() {
    let archived = Archived::new().await;
    for (table, column, value, reason) in [
        ("executions", "workspace_id", json!("acme"), "its workspace_id is \"acme\", which is no id"),
        ("executions", "created_at", json!("soon"), "its created_at is \"soon\", which is no time"),
        ("executions", "status", json!("done"), "its status is \"done\", which such a row cannot have"),
        ("executions", "input", json!({ "text": "a\0b" }), "its input has a NUL character, which no row has"),
        ("journal", "kind", json!("danced"), "its kind is \"danced\", which such a row cannot have"),
        (
            "journal",
            "position",
            json!(1_u64 << 40),
            "its position is 1099511627776, which is no whole number that fits there",
        ),
        ("execution_logs", "level", Value::Null, "it has no level"),
        ("usage", "units", json!([1]), "its units is a list, which is no whole number that fits there"),
    ] {
        let said = archived.refused(table, &with(archived.lines(table), column, value)).await;
        assert_eq!(said, format!("line 1 of {table} cannot be taken: {reason}"));
    }
    let ended = with(archived.lines("executions"), "status", json!("incident"));
    let said = archived.refused("executions", &ended).await;
    assert!(
        said.contains("its status is \"incident\" and its ended_at is \"")
            && said.ends_with("which do not go together"),
        "{said}"
    );
}
