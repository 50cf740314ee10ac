//! What a rule says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::condition::{Condition, Level};
use crate::events::check_starts;

/// Most actions of a rule.
pub const ACTIONS_MAX: usize = 20;

/// When, if, and what then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Type of the events that it is about, such as `lead.created`.
    pub event: String,
    /// What has to hold of an event; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Condition>,
    /// What is done, one after the other.
    pub actions: Vec<Action>,
    /// Whether an event for which the conditions do not hold is an execution that says so.
    #[serde(default)]
    pub log_misses: bool,
}

/// One thing that a rule does: a step of that type with that config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleAction")]
pub struct Action {
    /// Which type of node does it.
    #[serde(rename = "type")]
    pub kind: ActionType,
    /// Its config, with expressions over `input`, which is the event, such as `{{ input.data.lead.email }}`.
    pub config: Map<String, Value>,
}

/// The node types that can be actions. Each goes on by its port `out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RuleActionType")]
pub enum ActionType {
    /// Sends an e-mail.
    #[serde(rename = "action.send_email")]
    SendEmail,
    /// Sends a text message.
    #[serde(rename = "action.send_sms")]
    SendSms,
    /// Tells members of the workspace something.
    #[serde(rename = "action.notify")]
    Notify,
    /// Sends an HTTP request.
    #[serde(rename = "action.http_request")]
    HttpRequest,
    /// Sends a custom event.
    #[serde(rename = "action.emit_event")]
    EmitEvent,
    /// Makes the lead of an address, or changes it.
    #[serde(rename = "lead.upsert")]
    LeadUpsert,
    /// Changes a lead.
    #[serde(rename = "lead.update")]
    LeadUpdate,
    /// Moves a lead in the pipeline.
    #[serde(rename = "lead.set_status")]
    LeadSetStatus,
    /// Makes a record.
    #[serde(rename = "record.create")]
    RecordCreate,
    /// Changes what a record holds.
    #[serde(rename = "record.update")]
    RecordUpdate,
    /// Moves a record to another state.
    #[serde(rename = "record.transition")]
    RecordTransition,
    /// Starts another workflow.
    #[serde(rename = "logic.sub_workflow")]
    SubWorkflow,
}

impl ActionType {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::SendEmail,
        Self::SendSms,
        Self::Notify,
        Self::HttpRequest,
        Self::EmitEvent,
        Self::LeadUpsert,
        Self::LeadUpdate,
        Self::LeadSetStatus,
        Self::RecordCreate,
        Self::RecordUpdate,
        Self::RecordTransition,
        Self::SubWorkflow,
    ];

    /// The type of the node.
    #[must_use]
    pub const fn node_type(self) -> &'static str {
        match self {
            Self::SendEmail => "action.send_email",
            Self::SendSms => "action.send_sms",
            Self::Notify => "action.notify",
            Self::HttpRequest => "action.http_request",
            Self::EmitEvent => "action.emit_event",
            Self::LeadUpsert => "lead.upsert",
            Self::LeadUpdate => "lead.update",
            Self::LeadSetStatus => "lead.set_status",
            Self::RecordCreate => "record.create",
            Self::RecordUpdate => "record.update",
            Self::RecordTransition => "record.transition",
            Self::SubWorkflow => "logic.sub_workflow",
        }
    }

    /// What its node is called.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::SendEmail => "Send an e-mail",
            Self::SendSms => "Send a text message",
            Self::Notify => "Notify members",
            Self::HttpRequest => "Send a request",
            Self::EmitEvent => "Send an event",
            Self::LeadUpsert => "Make or change the lead",
            Self::LeadUpdate => "Change the lead",
            Self::LeadSetStatus => "Move the lead",
            Self::RecordCreate => "Make a record",
            Self::RecordUpdate => "Change the record",
            Self::RecordTransition => "Move the record",
            Self::SubWorkflow => "Start a workflow",
        }
    }
}

/// Something that a rule cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// JSON pointer into the rule.
    pub pointer: String,
    /// What is wrong.
    pub detail: String,
}

impl Flaw {
    pub(super) fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

impl Definition {
    /// What is wrong with it as a rule; empty if it can be compiled. What is wrong with its actions is found with the graph.
    #[must_use]
    pub fn check(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        if let Err(flaw) = check_starts(&self.event) {
            flaws.push(Flaw::new("/event", flaw.to_string()));
        }
        if !(1..=ACTIONS_MAX).contains(&self.actions.len()) {
            let detail = format!("a rule has 1 to {ACTIONS_MAX} actions, and this has {}", self.actions.len());
            flaws.push(Flaw::new("/actions", detail));
        }
        if let Some(conditions) = &self.conditions {
            conditions.check(&mut Level::first("/conditions"), &mut flaws);
        } else if self.log_misses {
            flaws.push(Flaw::new("/log_misses", "there are no conditions that could fail to hold"));
        }
        flaws
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_name_of_a_type_is_the_same_in_json_and_as_a_node() {
        for kind in ActionType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.node_type()));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let action = json!({ "type": "lead.update", "config": {} });
        let found = |rule: Value| {
            let rule: Definition = serde_json::from_value(rule).unwrap();
            rule.check().into_iter().map(|flaw| flaw.pointer).collect::<Vec<_>>()
        };
        let none = Vec::<String>::new();
        assert_eq!(found(json!({ "event": "lead.created", "actions": [action] })), none);
        assert_eq!(found(json!({ "event": "order.paid", "actions": [action] })), none);
        assert_eq!(found(json!({ "event": "execution.failed", "actions": [] })), ["/event", "/actions"]);
        assert_eq!(found(json!({ "event": "Order", "actions": vec![action.clone(); 21] })), ["/event", "/actions"]);
        let pointless = json!({ "event": "a", "actions": [action], "log_misses": true });
        assert_eq!(found(pointless), ["/log_misses"]);
    }
}
