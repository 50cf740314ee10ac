//! `trigger.email`

use std::time::Duration;

use capstan_domain::trigger_paths::EMAIL_PATH_BYTES_MAX;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::parts::{check_start_within, has_expression, problem, trigger_run};
use crate::node_type::{Context, NodeType, Spec};
use crate::span;

/// How long a refused start is tried again if nothing is said.
const START_WITHIN_DEFAULT: Duration = Duration::from_secs(86_400);
/// Most headers that a trigger asks for, and most bytes of the name of one.
const HEADERS_MAX: usize = 20;
const HEADER_NAME_BYTES_MAX: usize = 100;

/// Starts for each mail that comes to an address of its own.
pub(crate) struct TriggerEmail;

/// Where mails come in, and what of them is handed on.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the address begins with: lower-case letters, digits, `-` and `_`, at most 37; if absent, letters and digits that
    /// nobody guesses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Names of headers that the input has besides, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// What of attachments is handed on: `about` is name, type and size; `contents` has what is small as well, as base64.
    #[serde(default)]
    pub attachments: Attachments,
    /// How long a start that is refused, such as for a quota, is tried again: `1min` to `7d`, and a day if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_within: Option<String>,
}

/// What of attachments is handed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Attachments {
    /// What they are.
    #[default]
    About,
    /// The same, and those that are small.
    Contents,
}

impl Config {
    /// How long a refused start is tried again.
    #[must_use]
    pub fn start_within(&self) -> Duration {
        self.start_within.as_deref().and_then(|text| span::parse(text).ok()).unwrap_or(START_WITHIN_DEFAULT)
    }
}

fn check_path(config: &Value) -> Option<Problem> {
    let path = config.get("path")?.as_str()?;
    let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if (1..=EMAIL_PATH_BYTES_MAX).contains(&path.len()) && path.bytes().all(is_good) {
        return None;
    }
    let shown: String = path.chars().take(60).collect();
    let detail = format!("an address cannot begin with {shown:?}");
    let hint = format!("use lower-case letters, digits, - and _, at most {EMAIL_PATH_BYTES_MAX} of them");
    Some(problem("bad_path", "/path", detail, hint))
}

fn check_headers(config: &Value) -> Option<Problem> {
    let names: Vec<&str> = config.get("headers")?.as_array()?.iter().filter_map(Value::as_str).collect();
    let is_name = |name: &&str| {
        (1..=HEADER_NAME_BYTES_MAX).contains(&name.len())
            && !has_expression(name)
            && name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
    };
    let detail = if names.len() > HEADERS_MAX {
        format!("a trigger asks for at most {HEADERS_MAX} headers, this for {}", names.len())
    } else {
        let bad = names.iter().find(|name| !is_name(name))?;
        format!("{:?} is no name of a header", bad.chars().take(60).collect::<String>())
    };
    Some(problem("bad_headers", "/headers", detail, "write names such as X-Priority, without expressions"))
}

impl NodeType for TriggerEmail {
    const NAME: &'static str = "trigger.email";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger(
            "E-mail",
            "Starts for each mail that comes to an address of its own; the input is `{message_id, from, reply_to, to, cc, subject, \
             date, text, html, attachments, headers, automatic, envelope}`.",
        )
    }

    fn check(config: &Value) -> Vec<Problem> {
        [check_path(config), check_headers(config), check_start_within(config)].into_iter().flatten().collect()
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_found_with_its_place() {
        let found = |config: Value| {
            let problems = TriggerEmail::check(&config).into_iter();
            problems.map(|found| (found.code, found.pointer)).collect::<Vec<_>>()
        };
        let one = |code: &str, pointer: &str| vec![(code.to_owned(), pointer.to_owned())];
        assert_eq!(found(json!({})), []);
        assert_eq!(found(json!({"path": "support-1", "headers": ["X-Priority"], "start_within": "1h"})), []);
        for path in ["", "Support", "a.b", "a/b", "{{ input.x }}", &"a".repeat(38)] {
            assert_eq!(found(json!({"path": path})), one("bad_path", "/path"), "{path}");
        }
        for headers in [vec!["X: y"], vec![""], vec!["a b"], vec!["{{x}}"], vec!["X-A"; 21]] {
            assert_eq!(found(json!({"headers": headers})), one("bad_headers", "/headers"));
        }
        assert_eq!(found(json!({"start_within": "1y"})), one("bad_span", "/start_within"));
    }

    #[test]
    fn what_is_not_said_hands_on_what_attachments_are_and_tries_for_a_day() {
        let config = Config::deserialize(&json!({})).unwrap();
        assert_eq!((config.attachments, config.start_within()), (Attachments::About, START_WITHIN_DEFAULT));
    }
}
