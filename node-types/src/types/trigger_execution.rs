//! `trigger.execution`

use std::time::Duration;

use capstan_domain::execution_triggers::{NewExecutionTrigger, SOURCES_MAX};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{OneOrMany, check_event_condition_at, check_start_within, has_expression, problem, trigger_run};
use crate::node_type::{Context, NodeType, Spec};
use crate::span;

/// How long a refused start is tried again if nothing is said.
const START_WITHIN_DEFAULT: Duration = Duration::from_secs(86_400);

/// Starts when executions of other workflows end.
pub(crate) struct TriggerExecution;

/// Which ends.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The workflow whose executions count, by id or name, or a list of at most 50; those of all other workflows of the workspace
    /// if absent. A name is looked up when this workflow is published.
    workflows: Option<OneOrMany<String>>,
    /// How they have to end; in any way if absent. One that ran longer than its workflow allows is `timed_out`.
    #[serde(default)]
    outcomes: Vec<Ending>,
    /// Whether executions count that a `logic.sub_workflow` of another one has started.
    #[serde(default)]
    called: bool,
    /// A condition over `event` that has to hold, such as `{{ event.error.class == 'http' }}`; it names nothing else, and `event`
    /// is what the input would be. An end for which it cannot be evaluated starts nothing.
    when: Option<String>,
    /// How long a start that is refused, such as for a quota, is tried again: `1min` to `7d`, and a day if absent.
    start_within: Option<String>,
}

/// How an execution has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Ending {
    Completed,
    Failed,
    TimedOut,
    Cancelled,
}

impl Ending {
    const ALL: [Self; 4] = [Self::Completed, Self::Failed, Self::TimedOut, Self::Cancelled];

    fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The triggers of a graph that wait for ends.
pub(crate) fn execution_triggers(graph: &Graph) -> Vec<NewExecutionTrigger> {
    let of = |node: &Node| {
        let config = Config::deserialize(&*node.config_as_written()).ok()?;
        let within = config.start_within.as_deref().and_then(|text| span::parse(text).ok());
        let counts = |ending: &Ending| config.outcomes.is_empty() || config.outcomes.contains(ending);
        Some(NewExecutionTrigger {
            node_id: node.id.to_string(),
            outcomes: Ending::ALL.into_iter().filter(counts).map(Ending::as_str).collect(),
            workflows: config.workflows.map(OneOrMany::into_vec),
            called: config.called,
            condition: config.when,
            start_within_ms: u64::try_from(within.unwrap_or(START_WITHIN_DEFAULT).as_millis()).unwrap_or(u64::MAX),
        })
    };
    let nodes = graph.triggers().map(|ix| &graph.nodes[ix]);
    nodes.filter(|node| node.type_name == TriggerExecution::NAME).filter_map(of).collect()
}

/// Which workflows is known before anything runs.
fn check_workflows(config: &Value) -> Option<Problem> {
    let named: Vec<&str> = match config.get("workflows")? {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    if named.is_empty() || named.len() > SOURCES_MAX {
        let detail = format!("a trigger names 1 to {SOURCES_MAX} workflows, this names {}", named.len());
        return Some(problem("bad_workflows", "/workflows", detail, "leave workflows out for all others"));
    }
    named.iter().any(|name| has_expression(name)).then(|| {
        let detail = "workflows of a trigger is an expression, but it has to be known before anything runs";
        problem("not_a_literal", "/workflows", detail, "write ids or names, and put what varies into when")
    })
}

impl NodeType for TriggerExecution {
    const NAME: &'static str = "trigger.execution";
    const EFFECT: Effect = Effect::Pure;
    const RAW: &'static [&'static str] = &["when"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger(
            "Execution ended",
            "Starts when an execution of another workflow has ended; the input is `{execution_id, workflow_id, workflow_name, \
             version_id, trigger_node_id, outcome, output, output_left_out, error, created_at, ended_at}`.",
        )
    }

    fn check(config: &Value) -> Vec<Problem> {
        [check_workflows(config), check_event_condition_at(config, "when"), check_start_within(config)]
            .into_iter()
            .flatten()
            .collect()
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}

#[cfg(test)]
mod tests {
    use capstan_domain::execution_triggers::OUTCOMES;
    use serde_json::json;

    use super::*;
    use crate::registry::Registry;

    #[test]
    fn what_is_wrong_is_found_with_its_place() {
        let found = |config: Value| {
            let problems = TriggerExecution::check(&config).into_iter();
            problems.map(|found| (found.code, found.pointer)).collect::<Vec<_>>()
        };
        let one = |code: &str, pointer: &str| vec![(code.to_owned(), pointer.to_owned())];
        assert_eq!(found(json!({})), []);
        assert_eq!(found(json!({"workflows": "billing", "when": "{{ event.outcome == 'failed' }}"})), []);
        assert_eq!(found(json!({"workflows": []})), one("bad_workflows", "/workflows"));
        assert_eq!(found(json!({"workflows": vec!["w"; 51]})), one("bad_workflows", "/workflows"));
        assert_eq!(found(json!({"workflows": ["{{ input.x }}"]})), one("not_a_literal", "/workflows"));
        assert_eq!(found(json!({"when": "{{ input.x }}"})), one("bad_condition", "/when"));
        assert_eq!(found(json!({"start_within": "1y"})), one("bad_span", "/start_within"));
    }

    #[test]
    fn what_is_not_said_counts_all_ends_of_all_others_but_of_called_executions() {
        let read = |config: Value| {
            let graph = Registry::standard().compile(&json!({
                "nodes": [{ "id": "ended", "type": "trigger.execution", "data": { "config": config } },
                          { "id": "a", "type": "debug.noop", "data": { "config": {} } }],
                "edges": [{ "id": "e", "source": "ended", "target": "a" }],
            }));
            execution_triggers(&graph.unwrap()).pop().unwrap()
        };
        let all = read(json!({}));
        assert_eq!((all.workflows, all.outcomes, all.called), (None, OUTCOMES.to_vec(), false));
        let config =
            json!({ "workflows": "a", "outcomes": ["timed_out"], "when": "{{ event.output.x }}", "called": true });
        let one = read(config);
        assert_eq!((one.workflows, one.outcomes, one.called), (Some(vec!["a".into()]), vec!["timed_out"], true));
        assert_eq!(one.condition.as_deref(), Some("{{ event.output.x }}"));
        assert_eq!(one.start_within_ms, 86_400_000);
    }
}
