//! The one list of node types.

use capstan_engine::core::catalogue::{Catalogue, NodeTypeInfo};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::problem::Problem;
use serde_json::Value;

use crate::node_type::{AnyNodeType, Erased, NodeType};
use crate::types::{
    ActionCode, ActionEmitEvent, ActionHttpRequest, ActionMeter, ActionNotify, ActionSendEmail, ActionSendSms,
    DataApprovalLink, DataSet, DebugCrash, DebugFail, DebugGiven, DebugLog, DebugNoop, LeadFind, LeadNote,
    LeadSetStatus, LeadUpdate, LeadUpsert, LogicApproval, LogicCondition, LogicDelay, LogicForEach, LogicGroup,
    LogicLoop, LogicMerge, LogicRespond, LogicSubWorkflow, LogicSwitch, LogicTry, LogicWaitForEvent,
    LogicWaitForSignal, RecordCreate, RecordFind, RecordNote, RecordTransition, RecordUpdate, TriggerDemoBooked,
    TriggerEmail, TriggerEvent, TriggerExecution, TriggerForm, TriggerManual, TriggerSchedule, TriggerWebhook,
    check_overlaps, check_responses,
};

/// Node types by name, in the order of the palette.
pub struct Registry {
    types: Vec<Box<dyn AnyNodeType>>,
}

impl Registry {
    /// Every node type but [`Self::with_crash`]'s.
    #[must_use]
    pub fn standard() -> Self {
        Self { types: Vec::new() }
            .register(TriggerManual)
            .register(TriggerForm)
            .register(TriggerWebhook)
            .register(TriggerSchedule)
            .register(TriggerEvent)
            .register(TriggerExecution)
            .register(TriggerEmail)
            .register(TriggerDemoBooked)
            .register(ActionHttpRequest)
            .register(ActionSendEmail)
            .register(ActionSendSms)
            .register(ActionNotify)
            .register(ActionCode)
            .register(ActionEmitEvent)
            .register(ActionMeter)
            .register(LeadUpsert)
            .register(LeadUpdate)
            .register(LeadSetStatus)
            .register(LeadNote)
            .register(LeadFind)
            .register(RecordCreate)
            .register(RecordUpdate)
            .register(RecordTransition)
            .register(RecordNote)
            .register(RecordFind)
            .register(LogicCondition)
            .register(LogicSwitch)
            .register(LogicDelay)
            .register(LogicWaitForSignal)
            .register(LogicWaitForEvent)
            .register(LogicApproval)
            .register(LogicSubWorkflow)
            .register(LogicMerge)
            .register(LogicRespond)
            .register(LogicForEach)
            .register(LogicLoop)
            .register(LogicTry)
            .register(LogicGroup)
            .register(DataSet)
            .register(DataApprovalLink)
            .register(DebugLog)
            .register(DebugNoop)
            .register(DebugFail)
            .register(DebugGiven)
    }

    /// The same with `debug.crash`, which ends the process of the worker that runs it: for trials only.
    #[must_use]
    pub fn with_crash(self) -> Self {
        self.register(DebugCrash)
    }

    fn register<T: NodeType>(mut self, node_type: T) -> Self {
        self.types.push(Box::new(Erased::new(node_type)));
        self
    }

    /// Compiles a graph and checks what its nodes ask of each other.
    ///
    /// # Errors
    /// All problems of the graph.
    pub fn compile(&self, document: &Value) -> Result<Graph, Vec<Problem>> {
        let graph = Graph::compile(document, self)?;
        let mut problems = check_responses(&graph);
        problems.extend(check_overlaps(&graph));
        if problems.is_empty() { Ok(graph) } else { Err(problems) }
    }

    /// The type of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn AnyNodeType> {
        self.iter().find(|node_type| node_type.name() == name)
    }

    /// All types, in the order of the palette.
    pub fn iter(&self) -> impl Iterator<Item = &dyn AnyNodeType> {
        self.types.iter().map(Box::as_ref)
    }
}

impl Catalogue for Registry {
    fn node_type(&self, name: &str) -> Option<&dyn NodeTypeInfo> {
        self.get(name).map(|node_type| node_type as &dyn NodeTypeInfo)
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.types.iter().map(|node_type| node_type.name()).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use capstan_domain::rules::ActionType;
    use capstan_engine::core::catalogue::{Effect, Role};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_has_a_unique_name_a_title_a_description_a_schema_and_a_port() {
        let registry = Registry::standard().with_crash();
        let mut names = HashSet::new();
        for node_type in registry.iter() {
            let name = node_type.name();
            assert!(names.insert(name.to_owned()), "{name} is listed twice");
            let family = name.split('.').next().unwrap();
            assert!(["trigger", "action", "lead", "record", "logic", "data", "debug"].contains(&family), "{name}");
            assert!(!node_type.spec().title.is_empty(), "{name}");
            assert!(node_type.spec().description.ends_with('.'), "{name}");
            assert_eq!(node_type.schema()["type"], "object", "{name}");
            assert_eq!(node_type.schema()["additionalProperties"], false, "{name}");
            assert!(!node_type.ports(&json!({})).is_empty(), "{name}");
            assert_eq!(node_type.role() == Role::Trigger, family == "trigger", "{name}");
            assert!(node_type.role() == Role::Step || node_type.effect() == Effect::Pure, "{name}");
        }
        assert_eq!(names.len(), 45);
    }

    #[test]
    fn every_action_of_a_rule_is_a_step_that_goes_on_by_out() {
        let registry = Registry::standard();
        for kind in ActionType::ALL {
            let node_type = registry.get(kind.node_type()).unwrap_or_else(|| panic!("{kind:?} is no node type"));
            assert_eq!(
                (node_type.role(), node_type.ports(&json!({}))),
                (Role::Step, vec!["out".to_owned()]),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn every_config_field_is_described() {
        for node_type in Registry::standard().iter() {
            let Some(fields) = node_type.schema()["properties"].as_object() else { continue };
            for (field, schema) in fields {
                assert!(schema["description"].is_string(), "{} {field}", node_type.name());
            }
        }
    }

    #[test]
    fn names_are_sorted_and_found() {
        let registry = Registry::standard();
        let names = registry.names();
        assert!(names.is_sorted());
        assert!(names.iter().all(|name| registry.node_type(name).is_some()));
        assert!(registry.node_type("action.teleport").is_none());
    }

    #[test]
    fn a_node_that_kills_its_worker_is_known_only_where_it_is_asked_for() {
        let is_known = |registry: Registry| registry.get("debug.crash").is_some();
        assert!(!is_known(Registry::standard()) && is_known(Registry::standard().with_crash()));
    }
}
