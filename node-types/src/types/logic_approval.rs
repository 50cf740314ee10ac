//! `logic.approval`

use capstan_domain::approvals::{ApprovalStep, Ask};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::{Outcome, Until, Wake};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{Scalar, check_span, problem, span_of};
use super::trigger_form::{Field, check_fields};
use crate::node_type::{Context, NodeType, Spec};

/// Longest title, in bytes.
const TITLE_BYTES_MAX: usize = 500;
/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 20_000;

/// Waits without a worker for a person's answer.
pub(crate) struct LogicApproval;

/// What is asked, of whom, and how long.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What the person decides, in one line.
    title: Scalar,
    /// What there is to know.
    text: Option<Scalar>,
    /// Fields to fill in, as those of a form; required ones only to approve.
    #[serde(default)]
    fields: Vec<Field>,
    /// Who may answer: `api_key`, everybody with an API key of the workspace; `link`, everybody with a link that
    /// `data.approval_link` made. Both are true if absent, and one has to be.
    #[serde(default)]
    who: Who,
    /// Longest wait in milliseconds, at most five years; without a limit it waits until the execution ends.
    deadline_ms: Option<u64>,
    /// Longest wait as text, such as `3d 2h`; not together with `deadline_ms`.
    deadline: Option<String>,
}

/// Who may answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Who {
    /// Everybody with an API key of the workspace.
    #[serde(default = "yes")]
    api_key: bool,
    /// Everybody with a link that `data.approval_link` made.
    #[serde(default = "yes")]
    link: bool,
}

fn yes() -> bool {
    true
}

impl Default for Who {
    fn default() -> Self {
        Self { api_key: true, link: true }
    }
}

impl NodeType for LogicApproval {
    const NAME: &'static str = "logic.approval";
    const EFFECT: Effect = Effect::Idempotent;
    const WAITS: bool = true;
    const LOCAL: bool = true;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Approval",
            "Waits for a person to approve or reject; the output says who answered what: \
             `{answer, fields, comment, by, at}`.",
        )
        .outputs(&["approved", "rejected", "expired"])
    }

    fn emits(config: &Value) -> Vec<String> {
        let is_limited = ["deadline_ms", "deadline"].iter().any(|field| !config[*field].is_null());
        Self::spec().outputs.into_iter().filter(|port| is_limited || port != "expired").collect()
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems: Vec<Problem> = check_span(config, "deadline").into_iter().collect();
        check_fields(config, &mut problems);
        let refuses = |who| config.pointer(who) == Some(&Value::Bool(false));
        if refuses("/who/api_key") && refuses("/who/link") {
            let detail = "nobody may answer this approval";
            problems.push(problem("bad_approval", "/who", detail, "let API keys or links answer"));
        }
        problems
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let ask = match config.ask(context) {
            Ok(ask) => ask,
            Err(failed) => return failed,
        };
        match &context.wake {
            Some(Wake::Signal { payload }) => answered(payload.clone()),
            Some(Wake::Due) => expire(context, &ask).await,
            Some(Wake::Closed { .. }) | None => wait(context, &ask).await,
        }
    }
}

/// Asks, and waits for what comes first.
async fn wait(context: &Context, ask: &Ask) -> Outcome {
    let asking = asking(context);
    match context.database.ask(context.services.approvals.ask(&asking, ask)).await {
        Ok(()) => Outcome::Wait(Until { time: ask.deadline_at, signal: Some(asking.signal()), child: None }),
        Err(error) => error.into(),
    }
}

/// Gives up, unless an answer came in time whose signal was not seen before the time was over.
async fn expire(context: &Context, ask: &Ask) -> Outcome {
    match context.database.ask(context.services.approvals.expire(&asking(context))).await {
        Ok(Some(answer)) => answered(answer),
        Ok(None) => {
            let at = ask.deadline_at;
            let output = json!({ "answer": "expired", "fields": {}, "comment": null, "by": null, "at": at });
            Outcome::done("expired", output)
        }
        Err(error) => error.into(),
    }
}

impl Config {
    fn ask(self, context: &Context) -> Result<Ask, Outcome> {
        let span = span_of(self.deadline_ms, self.deadline.as_deref())?;
        let title = self.title.to_string();
        let body = self.text.map(|text| text.to_string());
        for (what, bytes, bytes_max) in
            [("title", title.len(), TITLE_BYTES_MAX), ("text", body.as_ref().map_or(0, String::len), TEXT_BYTES_MAX)]
        {
            if bytes > bytes_max {
                let reason = format!("the {what} of an approval has at most {bytes_max} bytes, this one has {bytes}");
                return Err(Outcome::fail("config", reason));
            }
        }
        Ok(Ask {
            title,
            body,
            fields: json!(self.fields),
            by_api_key: self.who.api_key,
            by_link: self.who.link,
            deadline_at: span.map(|span| context.now + span),
        })
    }
}

fn asking(context: &Context) -> ApprovalStep {
    ApprovalStep { workspace_id: context.workspace_id, execution_id: context.execution_id, step: context.step.clone() }
}

/// Done on the port that the answer names.
fn answered(answer: Value) -> Outcome {
    let port = answer["answer"].as_str().filter(|port| ["approved", "rejected"].contains(port)).map(str::to_owned);
    match port {
        Some(port) => Outcome::done(&port, answer),
        None => Outcome::fail("config", "the answer of the approval cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::{Answers, context, context_at, failed, put_off};

    async fn run(config: Value, context: &Context) -> Outcome {
        LogicApproval.run(serde_json::from_value(config).unwrap(), context).await
    }

    #[tokio::test]
    async fn every_first_attempt_asks_the_same_and_waits_for_the_same() {
        let desk = Arc::new(Answers::default());
        let context = context_at(desk.clone());
        let config = json!({"title": "Pay?", "text": 7, "who": {"link": false}, "deadline": "1h",
            "fields": [{"name": "note", "label": "Note"}]});
        let expected = Outcome::Wait(Until {
            time: Some("2026-01-01T01:00:00Z".parse().unwrap()),
            signal: Some("$approval:node".into()),
            child: None,
        });
        for _ in 0..2 {
            assert_eq!(run(config.clone(), &context).await, expected);
        }
        let asked = desk.asked.lock().unwrap();
        assert!(asked.len() == 2 && asked[0] == asked[1]);
        let (asking, ask) = &asked[0];
        assert_eq!(asking.execution_id, context.execution_id);
        assert_eq!((ask.title.as_str(), ask.body.as_deref()), ("Pay?", Some("7")));
        assert_eq!((ask.by_api_key, ask.by_link, &ask.fields[0]["name"]), (true, false, &json!("note")));
    }

    #[tokio::test]
    async fn the_answer_is_the_output_and_chooses_the_port() {
        for port in ["approved", "rejected"] {
            let answer = json!({"answer": port, "by": {"kind": "link"}});
            let context = Context { wake: Some(Wake::Signal { payload: answer.clone() }), ..context() };
            assert_eq!(run(json!({"title": "t"}), &context).await, Outcome::done(port, answer));
        }
        let context = Context { wake: Some(Wake::Signal { payload: json!(1) }), ..context() };
        assert_eq!(failed(run(json!({"title": "t"}), &context).await).0, "config");
    }

    #[tokio::test]
    async fn an_answer_that_came_first_beats_the_end_of_the_time() {
        let desk = Arc::new(Answers::default());
        let context = Context { wake: Some(Wake::Due), ..context_at(desk.clone()) };
        let output =
            json!({"answer": "expired", "fields": {}, "comment": null, "by": null, "at": "2026-01-01T00:01:00Z"});
        let config = json!({"title": "t", "deadline": "1 min"});
        assert_eq!(run(config.clone(), &context).await, Outcome::done("expired", output));
        let answer = json!({"answer": "approved"});
        *desk.answer.lock().unwrap() = Some(answer.clone());
        assert_eq!(run(config, &context).await, Outcome::done("approved", answer));
    }

    #[tokio::test]
    async fn what_cannot_be_asked_fails_and_a_desk_that_is_away_is_tried_again() {
        for config in [
            json!({"title": "x".repeat(501)}),
            json!({"title": "t", "text": "x".repeat(20_001)}),
            json!({"title": "t", "deadline": "1s", "deadline_ms": 1}),
        ] {
            assert_eq!(failed(run(config, &context()).await).0, "config");
        }
        let away = Arc::new(Answers { away: true, ..Answers::default() });
        assert!(put_off(run(json!({"title": "t"}), &context_at(away)).await).contains("approval"));
    }

    #[test]
    fn flaws_are_found_before_anything_runs() {
        let config = json!({"title": "t", "deadline": "soon", "who": {"api_key": false, "link": false},
            "fields": [{"name": "1", "label": "One"}]});
        let found: Vec<_> = LogicApproval::check(&config).into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(found, ["/deadline", "/fields/0/name", "/who"]);
        assert!(LogicApproval::check(&json!({"title": "t"})).is_empty());
    }
}
