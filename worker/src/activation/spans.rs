//! What an activation and the attempts within it tell of themselves as spans, where these are made: which they were, by ids,
//! types and counts, and how they ended. Never what they work on.

use std::sync::Arc;

use capstan_domain::secrets::redact::Redactor;
use capstan_domain::spans::{self, KeyValue, Span, SpanKind};
use capstan_domain::trace;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::state::StepIx;
use capstan_engine::core::trace::Trace;
use capstan_engine::store::claim::Claimed;
use futures::future::BoxFuture;

use super::drive::Drive;

/// Longest class of errors that is told; authors may write any. Bytes.
const CLASS_BYTES_MAX: usize = 64;
/// What the conventions of OpenTelemetry have for a class that is not told.
const OTHER: &str = "_OTHER";

/// The span of an activation, within what started the execution.
pub(super) fn of_activation(claimed: &Claimed) -> Option<Span> {
    if !spans::are_made() {
        return None;
    }
    let mut attributes = vec![
        KeyValue::new("capstan.execution.id", claimed.execution_id.to_string()),
        KeyValue::new("capstan.workspace.id", claimed.workspace_id.to_string()),
        KeyValue::new("capstan.workflow.version_id", claimed.version_id.to_string()),
    ];
    if claimed.losses > 0 {
        attributes.push(KeyValue::new("capstan.execution.lost_workers", i64::from(claimed.losses)));
    }
    Span::begin(&claimed.trace(), SpanKind::Consumer, "execution", attributes)
}

/// It cannot be gone on with.
pub(super) fn quarantined(span: Option<&mut Span>) {
    if let Some(span) = span {
        span.set("capstan.execution.status", "incident");
        span.fail("incident");
    }
}

impl Drive<'_> {
    /// What belongs to this activation.
    pub(super) fn trace(&self) -> Trace {
        self.span.as_ref().map_or_else(|| self.claimed.trace(), |span| span.trace().clone())
    }

    /// Tells how the execution ends.
    pub(super) fn tell_end(&mut self, status: &'static str) {
        if let Some(span) = &mut self.span {
            span.set("capstan.execution.status", status);
            if matches!(status, "failed" | "incident") {
                span.fail(status);
            }
        }
    }

    /// The span of an attempt of that step, which is about to begin.
    pub(super) fn span_of(&self, step: StepIx) -> Option<Span> {
        if !spans::are_made() {
            return None;
        }
        let (node, key) = (self.node(step), self.key(step));
        let mut attributes = vec![
            KeyValue::new("capstan.execution.id", self.claimed.execution_id.to_string()),
            KeyValue::new("capstan.node.id", key.node_id.to_string()),
            KeyValue::new("capstan.node.type", node.type_name.to_string()),
            KeyValue::new("capstan.step.attempt", i64::from(self.state.step(step).attempts) + 1),
        ];
        if !key.scope.as_str().is_empty() {
            attributes.push(KeyValue::new("capstan.step.scope", key.scope.as_str().to_owned()));
        }
        Span::begin(&self.trace(), SpanKind::Internal, node.type_name.to_string(), attributes)
    }
}

/// Makes an attempt within its span, and tells there how it ended.
pub(super) async fn told(mut span: Span, secrets: Arc<Redactor>, attempt: BoxFuture<'static, Outcome>) -> Outcome {
    let outcome = trace::within(span.trace().clone(), spans::hiding(Arc::clone(&secrets), attempt)).await;
    let (word, class) = match &outcome {
        Outcome::Done { .. } => ("done", None),
        Outcome::Retry { class, .. } => ("retry", Some(class.as_str())),
        Outcome::Fail { class, .. } => ("fail", Some(class.as_str())),
        Outcome::Away { .. } => ("put_off", Some("database_away")),
        Outcome::Open { .. } | Outcome::Wait(_) | Outcome::Call { .. } => ("wait", None),
    };
    span.set("capstan.step.outcome", word);
    if let Some(class) = class {
        span.fail(if is_told(class, &secrets) { class.to_owned() } else { OTHER.to_owned() });
    }
    outcome
}

/// Whether it is a word: an author may have it made of what a step reads.
fn is_told(class: &str, secrets: &Redactor) -> bool {
    let is_word = class.starts_with(|first: char| first.is_ascii_lowercase())
        && class.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    is_word && class.len() <= CLASS_BYTES_MAX && secrets.text(class) == class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_told_that_are_words_and_no_secrets() {
        let secrets = Redactor::default();
        secrets.add(["hunter2_is_it"]).unwrap();
        for (class, told) in [
            ("http_5xx", true),
            ("hunter2_is_it", false),
            ("the order of Ada", false),
            ("ada@example.com", false),
            ("48221100", false),
            ("", false),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(is_told(class, &secrets), told, "{class}");
        }
    }
}
