//! `logic.switch`

use std::collections::HashSet;

use capstan_engine::core::catalogue::{Effect, Together};
use capstan_engine::core::expression::{ExpressionError, Filler, has_expressions};
use capstan_engine::core::outcome::{Outcome, Wake};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{boolean, check_boolean, known_boolean, problem};
use crate::node_type::{Context, NodeType, Spec};

/// Most cases of a switch.
const CASES_MAX: usize = 50;
/// Longest name of a port, in bytes.
const PORT_BYTES_MAX: usize = 64;
/// The port when no case holds.
const DEFAULT_PORT: &str = "default";

/// Goes one of several ways, or several of them.
pub(crate) struct LogicSwitch;

/// The ways.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Cases in order, of which `match` says how many are taken; the port `default` is for when none holds.
    cases: Vec<Case>,
    /// `first` takes the first case that holds, `all` takes each that holds, side by side.
    #[serde(default)]
    r#match: Match,
}

/// How many cases are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Match {
    /// The first that holds.
    #[default]
    First,
    /// Each that holds.
    All,
}

/// One way.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Name of the output port, such as `large`.
    port: String,
    /// An expression that comes to true or false.
    when: Value,
}

impl NodeType for LogicSwitch {
    const NAME: &'static str = "logic.switch";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Switch",
            "Goes on at the port of the first case that holds, or of each; at the port default if none does.",
        )
        .outputs(&[DEFAULT_PORT])
    }

    fn ports(config: &Value) -> Vec<String> {
        let named = cases(config).iter().filter_map(|case| case.get("port")?.as_str());
        let mut ports: Vec<String> = named.take(CASES_MAX).map(Into::into).collect();
        ports.push(DEFAULT_PORT.into());
        ports
    }

    fn emits(config: &Value) -> Vec<String> {
        if let Some(together) = Self::together(config) {
            return together.emits();
        }
        let mut ports = Vec::new();
        for case in cases(config).iter().take(CASES_MAX) {
            let known = known_boolean(case.get("when"));
            ports.extend(case.get("port").and_then(Value::as_str).filter(|_| known != Some(false)).map(Into::into));
            if known == Some(true) {
                return ports;
            }
        }
        ports.push(DEFAULT_PORT.into());
        ports
    }

    fn together(config: &Value) -> Option<Together> {
        let case = |case: &Value| Some((case.get("port")?.as_str()?.to_owned(), known_boolean(case.get("when"))));
        let each = cases(config).iter().take(CASES_MAX).filter_map(case).collect();
        takes_all(config).then(|| Together { each, otherwise: DEFAULT_PORT.into() })
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        if config.get("match").is_some_and(has_expressions) {
            let detail = "which cases are taken has to be known when the workflow is published".to_owned();
            problems.push(problem("bad_switch", "/match", detail, "write \"first\" or \"all\""));
        }
        let cases = cases(config);
        if cases.len() > CASES_MAX {
            let detail = format!("a switch has at most {CASES_MAX} cases, this one has {}", cases.len());
            problems.push(problem("bad_switch", "/cases", detail, "split it in two switches"));
        }
        let mut names = HashSet::from([DEFAULT_PORT]);
        for (index, case) in cases.iter().take(CASES_MAX).enumerate() {
            let Some(port) = case.get("port").and_then(Value::as_str) else { continue };
            let pointer = format!("/cases/{index}/port");
            if port.is_empty() || port.len() > PORT_BYTES_MAX || port.contains(char::is_control) {
                let detail = format!("case {} has no usable port name", index + 1);
                let hint = format!("give it a name of 1 to {PORT_BYTES_MAX} bytes");
                problems.push(problem("bad_switch", &pointer, detail, hint));
            } else if !names.insert(port) {
                let detail = format!("the port \"{port}\" is there twice");
                problems.push(problem("bad_switch", &pointer, detail, "rename one; default is always there"));
            }
            problems.extend(check_boolean(case.get("when"), &format!("/cases/{index}/when")));
        }
        problems
    }

    /// If one case is taken, those behind the first that holds are not looked at, and stay as they are written.
    fn fill(
        config: &Value,
        filler: &mut Filler<'_>,
        _wake: &dyn Fn() -> Option<Wake>,
    ) -> Result<Value, ExpressionError> {
        let Some(cases) = config.get("cases").and_then(Value::as_array) else { return filler.fill(config, "") };
        let mut filled = cases.clone();
        for (index, case) in filled.iter_mut().enumerate() {
            *case = filler.fill(case, &format!("/cases/{index}"))?;
            if case["when"] != false && !takes_all(config) {
                break;
            }
        }
        let mut config = config.clone();
        config["cases"] = Value::Array(filled);
        Ok(config)
    }

    /// With `all`, the output lists the ports, `default` alone included.
    async fn run(&self, config: Config, _context: &Context) -> Outcome {
        let mut taken = Vec::new();
        for (index, case) in config.cases.into_iter().enumerate() {
            match boolean(&case.when, &format!("when of case {} (\"{}\")", index + 1, case.port)) {
                Ok(true) if config.r#match == Match::First => {
                    return Outcome::done(&case.port, json!({"port": case.port}));
                }
                Ok(true) => taken.push(case.port),
                Ok(false) => {}
                Err(failed) => return failed,
            }
        }
        if config.r#match == Match::First {
            return Outcome::done(DEFAULT_PORT, json!({"port": DEFAULT_PORT}));
        }
        if taken.is_empty() {
            taken.push(DEFAULT_PORT.into());
        }
        let output = json!({ "ports": taken });
        let mut ports = taken.into_iter();
        Outcome::Done { port: ports.next().unwrap_or_default(), more_ports: ports.collect(), output }
    }
}

fn takes_all(config: &Value) -> bool {
    config.get("match").and_then(Value::as_str) == Some("all")
}

fn cases(config: &Value) -> &[Value] {
    config.get("cases").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{context, failed};

    async fn run(cases: Value) -> Outcome {
        LogicSwitch.run(serde_json::from_value(json!({"cases": cases})).unwrap(), &context()).await
    }

    #[tokio::test]
    async fn the_first_case_that_holds_wins() {
        for (a, b, port) in [(true, true, "a"), (false, true, "b"), (false, false, "default")] {
            let outcome = run(json!([{"port": "a", "when": a}, {"port": "b", "when": b}])).await;
            assert_eq!(outcome, Outcome::done(port, json!({"port": port})));
        }
        assert_eq!(run(json!([])).await, Outcome::done("default", json!({"port": "default"})));
        let (class, reason) = failed(run(json!([{"port": "a", "when": "yes"}])).await);
        assert!(class == "config" && reason.contains("case 1 (\"a\")"), "{reason}");
    }

    #[tokio::test]
    async fn each_case_that_holds_is_taken_if_all_are_wanted() {
        let run = async |a: Value, b: bool| {
            let cases = json!([{"port": "a", "when": a}, {"port": "b", "when": b}]);
            let config = serde_json::from_value(json!({"cases": cases, "match": "all"})).unwrap();
            LogicSwitch.run(config, &context()).await
        };
        for (a, b, port, more) in [
            (true, true, "a", vec!["b".to_owned()]),
            (true, false, "a", vec![]),
            (false, true, "b", vec![]),
            (false, false, "default", vec![]),
        ] {
            let ports: Vec<&str> = [port].into_iter().chain(more.iter().map(String::as_str)).collect();
            let expected =
                Outcome::Done { port: port.into(), output: json!({ "ports": ports }), more_ports: more.clone() };
            assert_eq!(run(json!(a), b).await, expected);
        }
        let (class, reason) = failed(run(json!("yes"), true).await);
        assert!(class == "config" && reason.contains("case 1 (\"a\")"), "{reason}");
    }

    #[test]
    fn which_cases_are_taken_is_no_expression() {
        let [problem] =
            <[Problem; 1]>::try_from(LogicSwitch::check(&json!({ "cases": [], "match": "{{ input.m }}" }))).unwrap();
        assert_eq!((problem.code.as_str(), problem.pointer.as_str()), ("bad_switch", "/match"));
    }

    #[test]
    fn what_all_cases_may_emit_on_is_told_apart() {
        let case = |port: &str, when: Value| json!({ "port": port, "when": when });
        let config = |cases: &[Value]| json!({ "cases": cases, "match": "all" });
        let open = config(&[case("a", json!("{{ input.x }}")), case("b", json!(false))]);
        assert_eq!(LogicSwitch::emits(&open), ["a", "default"]);
        let certain = config(&[case("a", json!("{{ input.x }}")), case("b", json!(true))]);
        assert_eq!(LogicSwitch::emits(&certain), ["a", "b"], "never by default");
        let together = LogicSwitch::together(&certain).unwrap();
        assert_eq!(together.each, [("a".into(), None), ("b".into(), Some(true))]);
        assert_eq!(together.unknown().emits(), ["a", "b", "default"]);
        assert_eq!(LogicSwitch::together(&json!({ "cases": [], "match": "first" })), None);
    }

    #[test]
    fn ports_follow_the_cases() {
        let config = json!({"cases": [{"port": "a", "when": true}, {"port": "b", "when": true}, 3]});
        assert_eq!(LogicSwitch::ports(&config), ["a", "b", "default"]);
        assert_eq!(LogicSwitch::ports(&json!(null)), ["default"]);
    }

    #[test]
    fn what_comes_after_a_case_that_always_holds_is_never_emitted() {
        let case = |port: &str, when: Value| json!({ "port": port, "when": when });
        let cases = [
            case("a", json!(false)),
            case("b", json!("{{ input.x }}")),
            case("c", json!(true)),
            case("d", json!(true)),
        ];
        assert_eq!(LogicSwitch::emits(&json!({ "cases": cases })), ["b", "c"]);
        assert_eq!(LogicSwitch::emits(&json!({ "cases": cases[..2] })), ["b", "default"]);
    }

    #[test]
    fn flawed_cases_are_found_with_their_place() {
        let config = json!({"cases": [
            {"port": "a", "when": "{{ x }}"}, {"port": "a", "when": true}, {"port": "default", "when": true},
            {"port": "", "when": true}, {"port": "b", "when": 1},
        ]});
        let found: Vec<_> = LogicSwitch::check(&config).into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(found, ["/cases/1/port", "/cases/2/port", "/cases/3/port", "/cases/4/when"]);
    }
}
