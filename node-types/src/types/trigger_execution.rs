//! `trigger.execution`

use capstan_domain::execution_triggers::NewExecutionTrigger;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{check_start_within, check_when, problem, start_within_ms, trigger_run};
use crate::node_type::{Context, NodeType, Spec};

/// Starts when an execution of another workflow has ended.
pub(crate) struct TriggerExecution;

/// Whose executions, and how they have to end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the workflow whose executions count; those of all other workflows if absent. Executions of its own workflow
    /// never do.
    workflow: Option<String>,
    /// How they have to end.
    #[serde(default)]
    status: End,
    /// A condition over `event`, which is what the execution is given, that has to hold, such as
    /// `{{ event.error.class == 'timeout' }}`; it names nothing else. An end for which it cannot be evaluated starts nothing.
    when: Option<String>,
    /// How long a start that is refused, such as for a quota, is tried again: `1min` to `7d`, and a day if absent.
    start_within: Option<String>,
}

/// An end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum End {
    #[default]
    Any,
    Completed,
    Failed,
    Cancelled,
}

impl End {
    fn status(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Completed => Some("completed"),
            Self::Failed => Some("failed"),
            Self::Cancelled => Some("cancelled"),
        }
    }
}

/// The triggers of a graph that wait for executions to end.
pub(crate) fn execution_triggers(graph: &Graph) -> Vec<NewExecutionTrigger> {
    let of = |node: &Node| {
        let config = Config::deserialize(&*node.config_as_written()).ok()?;
        Some(NewExecutionTrigger {
            node_id: node.id.to_string(),
            of_workflow: config.workflow.as_deref().and_then(|id| id.parse().ok()),
            status: config.status.status(),
            condition: config.when,
            start_within_ms: start_within_ms(config.start_within.as_deref()),
        })
    };
    let nodes = graph.triggers().map(|ix| &graph.nodes[ix]);
    nodes.filter(|node| node.type_name == TriggerExecution::NAME).filter_map(of).collect()
}

fn check_workflow(config: &Value) -> Option<Problem> {
    let text = config.get("workflow")?.as_str()?;
    let detail = format!("the workflow {:?} is not an id", text.chars().take(60).collect::<String>());
    let hint = "write the id of a workflow of this workspace, or leave it out for all others";
    text.parse::<WorkflowId>().is_err().then(|| problem("bad_workflow", "/workflow", detail, hint))
}

impl NodeType for TriggerExecution {
    const NAME: &'static str = "trigger.execution";
    const EFFECT: Effect = Effect::Pure;
    const RAW: &'static [&'static str] = &["when"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger(
            "Execution ended",
            "Starts when an execution of another workflow has ended; what became of that is the input: `{execution_id, \
             status, workflow_id, workflow_name, version_id, trigger_node_id, created_at, ended_at, output, error}`. The \
             output is null unless it has completed, and if it is larger than 64 KiB.",
        )
    }

    fn check(config: &Value) -> Vec<Problem> {
        [check_workflow(config), check_when(config), check_start_within(config)].into_iter().flatten().collect()
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::Registry;

    const ID: &str = "01927f3e-2c50-7000-8000-000000000001";

    #[test]
    fn what_is_wrong_is_found_with_its_place() {
        let found = |config: Value| {
            let problems = TriggerExecution::check(&config).into_iter();
            problems.map(|found| (found.code, found.pointer)).collect::<Vec<_>>()
        };
        let one = |code: &str, pointer: &str| vec![(code.to_owned(), pointer.to_owned())];
        assert_eq!(found(json!({})), []);
        assert_eq!(
            found(json!({"workflow": ID, "status": "failed", "when": "{{ event.error.class == 'timeout' }}"})),
            []
        );
        assert_eq!(found(json!({"workflow": "Orders"})), one("bad_workflow", "/workflow"));
        assert_eq!(found(json!({"workflow": "{{ input.x }}"})), one("bad_workflow", "/workflow"));
        assert_eq!(found(json!({"when": "{{ input.x }}"})), one("bad_condition", "/when"));
        assert_eq!(found(json!({"start_within": "1s"})), one("bad_span", "/start_within"));
    }

    #[test]
    fn each_trigger_says_whose_ends_it_waits_for() {
        let graph = |config: Value| {
            let document = json!({
                "nodes": [{ "id": "ended", "type": "trigger.execution", "data": { "config": config } },
                          { "id": "a", "type": "debug.noop", "data": { "config": {} } }],
                "edges": [{ "id": "e", "source": "ended", "target": "a" }],
            });
            Registry::standard().compile(&document).map(|graph| execution_triggers(&graph).pop().unwrap())
        };
        let any = graph(json!({})).unwrap();
        assert_eq!((any.of_workflow, any.status, any.condition, any.start_within_ms), (None, None, None, 86_400_000));
        let config = json!({ "workflow": ID, "status": "failed", "when": "{{ event.error }}", "start_within": "1h" });
        let one = graph(config).unwrap();
        assert_eq!((one.of_workflow, one.status), (Some(ID.parse().unwrap()), Some("failed")));
        assert_eq!((one.condition.as_deref(), one.start_within_ms), (Some("{{ event.error }}"), 3_600_000));
        assert!(graph(json!({ "status": "incident" })).is_err());
    }
}
