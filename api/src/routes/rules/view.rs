//! Rules as clients write and see them.

use capstan_domain::rules::{Action, Condition, Definition, Flaw, RuleRow};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::openapi::shapes;
use crate::problem::{Finding, Problem, joined};
use crate::routes::workflows::check_name;

/// Where what a rule can say is told.
const HINT: &str = "docs/rules.md tells what a rule can say";

/// A rule.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewRule")]
pub(crate) struct Wish {
    /// What people call it, and its workflow: 1 to 200 characters.
    name: String,
    /// Type of the events that it is about: one of your own, or of leads or alerts, such as `lead.created`.
    event: String,
    /// What has to hold of an event; always, if absent. At most 20 comparisons, in groups at most 3 deep.
    conditions: Option<Condition>,
    /// What is done, one after the other: 1 to 20.
    actions: Vec<Action>,
    /// Whether an event for which the conditions do not hold is an execution that says so. False if absent: it starts nothing.
    #[serde(default)]
    log_misses: bool,
    /// Whether it is at work: true if absent.
    enabled: Option<bool>,
}

/// A rule as it is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
pub(crate) struct RuleView {
    #[schemars(with = "shapes::Id")]
    id: Uuid,
    name: String,
    event: String,
    conditions: Option<Condition>,
    actions: Vec<Action>,
    log_misses: bool,
    /// While it is not, its workflow does not start by itself.
    enabled: bool,
    /// Whether its workflow has been changed by hand: it is not compiled any more then.
    edited_by_hand: bool,
    /// The workflow that does what it says.
    #[schemars(with = "shapes::Id")]
    workflow_id: Uuid,
    /// The number of the version that it was compiled to.
    version: i32,
    /// Rises by one with each change; also the `ETag`.
    revision: i32,
    /// Who changed it last.
    updated_by: String,
    #[schemars(with = "shapes::Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "shapes::Time")]
    updated_at: DateTime<Utc>,
}

/// A rule that can be compiled.
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) definition: Definition,
    pub(super) is_enabled: bool,
}

impl Wish {
    /// 422 `invalid_rule` with all that is wrong.
    pub(super) fn checked(self) -> Result<Rule, Problem> {
        let Self { name, event, conditions, actions, log_misses, enabled } = self;
        let definition = Definition { event, conditions, actions, log_misses };
        let mut flaws = definition.check();
        let checked = check_name(&name).map(str::to_owned);
        if let Err(problem) = &checked {
            flaws.insert(0, Flaw { pointer: "/name".into(), detail: format!("{}: {}", problem.detail, problem.hint) });
        }
        match (checked, flaws.is_empty()) {
            (Ok(name), true) => Ok(Rule { name, definition, is_enabled: enabled.unwrap_or(true) }),
            _ => Err(invalid(flaws)),
        }
    }
}

fn invalid(flaws: Vec<Flaw>) -> Problem {
    let detail = joined(flaws.iter().map(|flaw| format!("{}: {}", flaw.pointer, flaw.detail)));
    let findings = flaws.into_iter().map(|Flaw { pointer, detail }| Finding {
        code: "invalid_rule",
        pointer,
        detail,
        hint: HINT.into(),
    });
    Problem::unprocessable("invalid_rule", detail, "each entry of errors names a place").findings(findings)
}

/// A rule as the audit log shows it.
pub(super) fn told(row: &RuleRow) -> Value {
    let Definition { event, conditions, actions, log_misses } = &row.definition;
    json!({
        "id": row.rule_id, "name": row.name, "event": event, "conditions": conditions, "actions": actions,
        "log_misses": log_misses, "enabled": row.is_enabled, "workflow_id": row.workflow_id, "version": row.version,
    })
}

impl From<RuleRow> for RuleView {
    fn from(row: RuleRow) -> Self {
        let Definition { event, conditions, actions, log_misses } = row.definition;
        Self {
            id: row.rule_id,
            name: row.name,
            event,
            conditions,
            actions,
            log_misses,
            enabled: row.is_enabled,
            edited_by_hand: row.is_by_hand,
            workflow_id: row.workflow_id,
            version: row.version,
            revision: row.revision,
            updated_by: row.updated_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
