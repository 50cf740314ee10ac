//! What a bulk job is asked for, as it comes in and as it is stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::core::ids::{NodeId, VersionId, WorkflowId};
use crate::store::said::Said;

/// Most executions that a filter may name.
pub const IDS_MAX: usize = 1_000;
/// The word for the step that failed, whichever it is.
const FAILED: &str = "failed";

/// What is done with each execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Ends it.
    Cancel,
    /// Starts another one that begins with what it had done.
    Restart,
    /// Sends it a signal.
    Signal,
    /// Has it try again at once what waits for its next attempt.
    RetryNow,
    /// Holds it up.
    Pause,
    /// Has it go on, if it is held up.
    Resume,
    /// Says how it goes on, if it is an incident.
    Resolve,
    /// Has it go on with another version, if that fits.
    Migrate,
}

/// A verb with what it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "arguments", rename_all = "snake_case", deny_unknown_fields)]
pub enum Work {
    /// See [`Verb::Cancel`].
    Cancel {
        /// Why, for people.
        #[serde(default)]
        reason: Option<String>,
        /// Ends it at once: what undoes and what runs at last is left out.
        #[serde(default)]
        force: bool,
    },
    /// See [`Verb::Restart`].
    Restart {
        /// Where it begins.
        #[serde(default)]
        from: Beginning,
        /// On which version.
        #[serde(default, rename = "version_id")]
        onto: Onto,
    },
    /// See [`Verb::Signal`].
    Signal {
        /// What a waiting step names.
        name: String,
        /// What is sent along.
        #[serde(default)]
        payload: Value,
    },
    /// See [`Verb::RetryNow`].
    RetryNow {
        /// Why, for people.
        #[serde(default)]
        reason: Option<String>,
    },
    /// See [`Verb::Pause`].
    Pause {
        /// Why, for people.
        #[serde(default)]
        reason: Option<String>,
    },
    /// See [`Verb::Resume`].
    Resume {
        /// Why, for people.
        #[serde(default)]
        reason: Option<String>,
    },
    /// See [`Verb::Resolve`].
    Resolve(Said),
    /// See [`Verb::Migrate`].
    Migrate {
        /// With which version.
        #[serde(default = "latest", rename = "version_id")]
        onto: Onto,
        /// Why, for people.
        #[serde(default)]
        reason: Option<String>,
    },
}

fn latest() -> Onto {
    Onto::Latest
}

/// Where a restart begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Beginning {
    /// At the step that each execution failed at; written `failed`.
    #[default]
    Failed,
    /// At that step.
    Step(NodeId),
}

/// The version that a restart runs on, or an execution goes on with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Option<String>", into = "Option<String>")]
pub enum Onto {
    /// That of the old execution.
    #[default]
    Own,
    /// The newest of its workflow when the job is made; written `latest`.
    Latest,
    /// That one.
    Named(VersionId),
}

/// Which executions a job is about: those that fit all that is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Of that workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// Of that version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<VersionId>,
    /// In one of these statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Vec<Status>>,
    /// Started at that time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_after: Option<DateTime<Utc>>,
    /// Started before that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_before: Option<DateTime<Utc>>,
    /// Among these; at most [`IDS_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<Uuid>>,
}

/// Status of an execution, as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not begun.
    Queued,
    /// A worker holds it.
    Running,
    /// Parked.
    Waiting,
    /// Held up by a person.
    Paused,
    /// A person has to look.
    Incident,
    /// Ended well.
    Completed,
    /// Ended by a failure.
    Failed,
    /// Ended from outside.
    Cancelled,
}

/// How one execution of a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// Not come to; for ever, if the job is cancelled.
    Pending,
    /// The verb was done.
    Done,
    /// It could not be done; the reason says why.
    Failed,
    /// There was nothing to do; the reason says why.
    Skipped,
}

impl Work {
    /// A verb with its arguments as they came.
    ///
    /// # Errors
    /// If they are not what the verb takes.
    pub fn read(verb: &str, arguments: Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(json!({ "verb": verb, "arguments": arguments }))
    }

    /// The version that executions come to, if they come to one.
    #[must_use]
    pub fn onto(&self) -> Option<&Onto> {
        match self {
            Self::Restart { onto, .. } | Self::Migrate { onto, .. } => Some(onto),
            _ => None,
        }
    }

    /// The verb.
    #[must_use]
    pub fn verb(&self) -> Verb {
        match self {
            Self::Cancel { .. } => Verb::Cancel,
            Self::Restart { .. } => Verb::Restart,
            Self::Signal { .. } => Verb::Signal,
            Self::RetryNow { .. } => Verb::RetryNow,
            Self::Pause { .. } => Verb::Pause,
            Self::Resume { .. } => Verb::Resume,
            Self::Resolve(_) => Verb::Resolve,
            Self::Migrate { .. } => Verb::Migrate,
        }
    }

    /// Its arguments, as they are stored.
    #[must_use]
    pub fn arguments(&self) -> Value {
        json!(self)["arguments"].take()
    }
}

impl Verb {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Restart => "restart",
            Self::Signal => "signal",
            Self::RetryNow => "retry_now",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Resolve => "resolve",
            Self::Migrate => "migrate",
        }
    }
}

impl Status {
    /// As it is read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Incident => "incident",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl ItemStatus {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Filter {
    /// Whether it would let every execution of the workspace through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<String> for Beginning {
    fn from(text: String) -> Self {
        if text == FAILED { Self::Failed } else { Self::Step(NodeId::from(text.as_str())) }
    }
}

impl From<Beginning> for String {
    fn from(from: Beginning) -> Self {
        match from {
            Beginning::Failed => FAILED.into(),
            Beginning::Step(node_id) => node_id.to_string(),
        }
    }
}

impl TryFrom<Option<String>> for Onto {
    type Error = String;

    fn try_from(text: Option<String>) -> Result<Self, String> {
        match text.as_deref() {
            None => Ok(Self::Own),
            Some("latest") => Ok(Self::Latest),
            Some(id) => id.parse().map(Self::Named).map_err(|_| "version_id is neither an id nor \"latest\"".into()),
        }
    }
}

impl From<Onto> for Option<String> {
    fn from(onto: Onto) -> Self {
        match onto {
            Onto::Own => None,
            Onto::Latest => Some("latest".into()),
            Onto::Named(id) => Some(id.to_string()),
        }
    }
}
