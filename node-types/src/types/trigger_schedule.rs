//! `trigger.schedule`

use std::time::Duration;

use capstan_domain::schedules::{CATCH_UP_MAX, CatchUp, JITTER_MAX, NewSchedule, Overlap, Rules, START_WITHIN_DEFAULT};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::flow::Hold;
use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{problem, trigger_run};
use crate::node_type::{Context, NodeType, Spec};
use crate::span;

/// Shortest and longest time that a refused start is tried again.
const START_WITHIN: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(7 * 86_400));
/// Fields that say how late something may be.
const SPANS: [(&str, Duration, Duration); 2] =
    [("jitter", Duration::ZERO, JITTER_MAX), ("start_within", START_WITHIN.0, START_WITHIN.1)];

/// Starts at times that a cron expression tells.
pub(crate) struct TriggerSchedule;

/// When it fires, and what becomes of fire times that meet difficulties.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Minute, hour, day of month, month, day of week, such as `0 9 * * MON-FRI`; with the second first if there are six.
    /// Also `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    cron: String,
    /// Time zone of the expression, an IANA name such as `Europe/Berlin`; UTC if absent.
    #[serde(default = "utc")]
    zone: String,
    /// No fire time before, such as `2026-01-01T00:00:00Z`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    start_at: Option<DateTime<Utc>>,
    /// No fire time from then on.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    end_at: Option<DateTime<Utc>>,
    /// Starts at the fire time or up to so much later, such as `5min`, so that not everything begins at the full hour; at
    /// most an hour. The delay of a fire time is always the same.
    #[serde(default)]
    jitter: Option<String>,
    /// What the delay is drawn from; the trigger's id if absent.
    #[serde(default)]
    jitter_seed: Option<String>,
    /// When the execution of the last fire time has not ended.
    #[serde(default)]
    overlap: Overlap,
    /// What becomes of fire times at which nothing could be started, such as in an outage.
    #[serde(default)]
    catch_up: CatchUp,
    /// With `catch_up: all`, how many of them start, the newest; 1 to 1,000, and 100 if absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    catch_up_max: Option<u32>,
    /// How long a start that is refused, such as for a quota, is tried again: `1min` to `7d`, and an hour if absent.
    #[serde(default)]
    start_within: Option<String>,
    /// What executions find in `input.data`, as it is written.
    #[serde(default)]
    data: Value,
}

fn utc() -> String {
    "UTC".into()
}

/// A span that was checked, in milliseconds.
fn span_ms(text: Option<&str>, or: Duration) -> u64 {
    let span = text.and_then(|text| span::parse(text).ok()).unwrap_or(or);
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Config {
    fn rules(self, node_id: &str) -> Rules {
        Rules {
            cron: self.cron,
            zone: self.zone,
            start_at: self.start_at,
            end_at: self.end_at,
            jitter_ms: span_ms(self.jitter.as_deref(), Duration::ZERO),
            seed: self.jitter_seed.unwrap_or_else(|| node_id.to_owned()),
            overlap: self.overlap,
            catch_up: self.catch_up,
            catch_up_max: self.catch_up_max.unwrap_or(100).clamp(1, CATCH_UP_MAX),
            start_within_ms: span_ms(self.start_within.as_deref(), START_WITHIN_DEFAULT),
            data: self.data,
        }
    }
}

/// The rules that a config says, if it can be read.
fn rules_of(config: &Value, node_id: &str) -> Option<Rules> {
    Some(Config::deserialize(config).ok()?.rules(node_id))
}

/// The schedules of a graph.
pub(crate) fn schedules(graph: &Graph) -> Vec<NewSchedule> {
    let of = |node: &Node| {
        let rules = rules_of(&node.config_as_written(), node.id.as_str())?;
        Some(NewSchedule { node_id: node.id.to_string(), rules })
    };
    graph
        .triggers()
        .map(|ix| &graph.nodes[ix])
        .filter(|node| node.type_name == TriggerSchedule::NAME)
        .filter_map(of)
        .collect()
}

/// A finding for each schedule with an overlap policy in a workflow whose flow control holds starts back otherwise.
pub(crate) fn check_overlaps(graph: &Graph) -> Vec<Problem> {
    let Some(flow) = graph.flow.as_ref().filter(|flow| flow.throttle.is_some() || flow.hold.is_some()) else {
        return Vec::new();
    };
    let rule = match &flow.hold {
        None => "throttle",
        Some(Hold::Debounce(_)) => "debounce",
        Some(Hold::Batch(_)) => "batch",
        Some(Hold::Singleton(_)) => "singleton",
    };
    let clashes = schedules(graph).into_iter().filter(|schedule| schedule.rules.overlap != Overlap::Allow);
    let finding = |schedule: NewSchedule| {
        let index = graph.nodes.iter().position(|node| node.id.as_str() == schedule.node_id).unwrap_or_default();
        let detail = format!("schedule \"{}\" has an overlap policy, and the workflow a {rule} rule", schedule.node_id);
        Problem {
            node_id: Some(schedule.node_id),
            ..problem(
                "overlap_and_flow",
                &format!("/nodes/{index}/data/config/overlap"),
                detail,
                "let overlap be allow, or remove the rule from settings.flow",
            )
        }
    };
    clashes.map(finding).collect()
}

fn check_span((field, least, most): (&str, Duration, Duration), config: &Value) -> Option<Problem> {
    let text = config.get(field)?.as_str()?;
    let why = match span::parse(text) {
        Ok(span) if (least..=most).contains(&span) => return None,
        Ok(_) => format!("{field} is {text:?}, and has to be from {} s to {} s", least.as_secs(), most.as_secs()),
        Err(error) => error.to_string(),
    };
    Some(problem("bad_span", &format!("/{field}"), why, "write numbers with units, such as 5min"))
}

impl NodeType for TriggerSchedule {
    const NAME: &'static str = "trigger.schedule";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger("Schedule", "Starts at times that a cron expression tells, in a time zone.")
    }

    fn check(config: &Value) -> Vec<Problem> {
        let spans = SPANS.into_iter().filter_map(|span| check_span(span, config));
        let mut problems: Vec<Problem> = spans.collect();
        // What is not of the right shape is the schema's finding; a time that is none is not.
        for field in ["start_at", "end_at"] {
            let text = config.get(field).and_then(Value::as_str);
            if let Some(text) = text.filter(|text| DateTime::parse_from_rfc3339(text).is_err()) {
                let detail = format!("{field} is {text:?}, which is no time");
                problems.push(problem("bad_bounds", &format!("/{field}"), detail, "write 2026-01-01T00:00:00Z"));
            }
        }
        if let Some(Err(flaw)) = rules_of(config, "").map(|rules| rules.check()) {
            let (code, field, hint) = flaw.parts();
            problems.push(problem(code, &format!("/{field}"), flaw.to_string(), hint));
        }
        problems
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

    #[test]
    fn what_is_wrong_with_a_schedule_is_found_with_its_place() {
        let found = |config: Value| {
            let problems = TriggerSchedule::check(&config).into_iter();
            problems.map(|found| (found.code, found.pointer)).collect::<Vec<_>>()
        };
        let one = |code: &str, pointer: &str| vec![(code.to_owned(), pointer.to_owned())];
        assert_eq!(found(json!({"cron": "0 9 * * MON-FRI", "zone": "Europe/Berlin", "jitter": "5min"})), []);
        assert_eq!(found(json!({"cron": "0 9 * *"})), one("bad_cron", "/cron"));
        assert_eq!(found(json!({"cron": "0 0 30 2 *"})), one("never_fires", "/cron"));
        assert_eq!(found(json!({"cron": "@daily", "zone": "Mars/Olympus"})), one("bad_zone", "/zone"));
        assert_eq!(found(json!({"cron": "@daily", "jitter": "2h"})), one("bad_span", "/jitter"));
        assert_eq!(found(json!({"cron": "@daily", "start_within": "5s"})), one("bad_span", "/start_within"));
        assert_eq!(found(json!({"cron": "@daily", "end_at": "soon"})), one("bad_bounds", "/end_at"));
        let bounds = json!({"cron": "@daily", "start_at": "2026-02-01T00:00:00Z", "end_at": "2026-01-01T00:00:00Z"});
        assert_eq!(found(bounds), one("bad_bounds", "/end_at"));
    }

    #[test]
    fn the_rules_of_a_graph_have_their_defaults_filled_in_and_one_holding_rule() {
        let graph = |overlap: &str, flow: Value| {
            let config = json!({"cron": "@daily", "overlap": overlap, "jitter": "1min"});
            Registry::standard().compile(&json!({
                "nodes": [{ "id": "daily", "type": "trigger.schedule", "data": { "config": config } },
                          { "id": "a", "type": "debug.noop", "data": { "config": {} } }],
                "edges": [{ "id": "e", "source": "daily", "target": "a" }],
                "settings": { "flow": flow },
            }))
        };
        let found = schedules(&graph("skip", json!({})).unwrap()).pop().unwrap();
        assert_eq!((found.node_id.as_str(), found.rules.seed.as_str()), ("daily", "daily"));
        assert_eq!(
            (found.rules.zone.as_str(), found.rules.jitter_ms, found.rules.start_within_ms),
            ("UTC", 60_000, 3_600_000)
        );
        let debounce = json!({ "debounce": { "period_ms": 1000 } });
        assert!(graph("allow", debounce.clone()).is_ok());
        let problems = graph("skip", debounce).unwrap_err();
        assert_eq!((problems[0].code.as_str(), problems[0].node_id.as_deref()), ("overlap_and_flow", Some("daily")));
    }
}
