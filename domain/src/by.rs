//! Who does something to leads and records.

use capstan_engine::core::ids::ExecutionId;

use crate::access::Role;
use crate::machine::Doer;

/// What kind of somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByKind {
    /// A person.
    User,
    /// An API key.
    Key,
    /// A step of an execution.
    Step,
    /// Somebody who filled in a form.
    Form,
    /// Another system.
    Hook,
}

impl ByKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Key => "key",
            Self::Step => "step",
            Self::Form => "form",
            Self::Hook => "hook",
        }
    }
}

/// Who acts.
#[derive(Clone, Debug)]
pub struct By {
    /// What kind of somebody.
    pub kind: ByKind,
    /// Address of a person, name of a key, workflow, form or hook.
    pub name: String,
    /// Of a person, in the workspace.
    pub role: Option<Role>,
    /// Of a step.
    pub execution_id: Option<ExecutionId>,
    /// The same key is the same act, and done once.
    pub once: Option<String>,
    /// How many events led to it.
    pub depth: i32,
}

impl By {
    /// A step of an execution, to which that many events led.
    pub(crate) fn step(execution_id: ExecutionId, once: &str, depth: i32) -> Self {
        Self {
            kind: ByKind::Step,
            name: execution_id.to_string(),
            role: None,
            execution_id: Some(execution_id),
            once: Some(once.to_owned()),
            depth,
        }
    }

    /// As ways of a machine name them; nothing for a person of a lesser role than these know.
    #[must_use]
    pub fn doer(&self) -> Option<Doer> {
        match self.kind {
            ByKind::User => match self.role? {
                Role::Owner => Some(Doer::Owner),
                Role::Admin => Some(Doer::Admin),
                Role::Member => Some(Doer::Member),
                Role::Viewer => None,
            },
            ByKind::Key => Some(Doer::Key),
            ByKind::Step => Some(Doer::Step),
            ByKind::Form => Some(Doer::Form),
            ByKind::Hook => Some(Doer::Hook),
        }
    }
}
