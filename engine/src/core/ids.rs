//! Addresses of things: newtypes, so that one is never taken for another.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh UUIDv7, made by this process.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would be a new one each time")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// One tenant.
    WorkspaceId
);
uuid_id!(
    /// One workflow: a draft and its versions.
    WorkflowId
);
uuid_id!(
    /// One immutable published version of a workflow.
    VersionId
);
uuid_id!(
    /// One execution of one version. Its time part names the month that holds its rows.
    ExecutionId
);
/// The version of the UUIDs that children have.
const CHILD_VERSION: u8 = 8;

impl ExecutionId {
    /// This id as that of a child: of version 8, with all else as it is. So it is known of an execution that it has a
    /// parent wherever its id is known, and nothing has to be looked up for those that have none.
    #[must_use]
    pub fn of_child(self) -> Self {
        let mut bytes = self.0.into_bytes();
        bytes[6] = bytes[6] & 0x0f | CHILD_VERSION << 4;
        Self(Uuid::from_bytes(bytes))
    }

    /// Whether a step of another execution has started it.
    #[must_use]
    pub fn is_child(self) -> bool {
        self.0.as_bytes()[6] >> 4 == CHILD_VERSION
    }
}

uuid_id!(
    /// One fact sent to an execution from outside.
    SignalId
);

/// The author's id of a node, unique within its graph.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub Arc<str>);

impl NodeId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for NodeId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Loop iteration path of a step, outermost first; empty at the top level.
///
/// Written `each[3]/inner[0]`. Containers are the only source of non-empty scopes.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(pub Arc<str>);

impl Scope {
    /// The top level of an execution.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The path as text; empty at the top level.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// That of a frame of a container in this scope.
    #[must_use]
    pub fn below(&self, container: &NodeId, number: u32) -> Self {
        let separator = if self.0.is_empty() { "" } else { "/" };
        Self(format!("{}{separator}{container}[{number}]", self.0).into())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The address of a step: one node in one scope.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepKey {
    /// The node.
    pub node_id: NodeId,
    /// Where in nested loops; the root scope at the top level.
    #[serde(default)]
    pub scope: Scope,
}

impl StepKey {
    /// The step of `node_id` at the top level.
    #[must_use]
    pub fn root(node_id: NodeId) -> Self {
        Self { node_id, scope: Scope::root() }
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scope.as_str().is_empty() {
            self.node_id.fmt(f)
        } else {
            write!(f, "{}/{}", self.scope.as_str(), self.node_id)
        }
    }
}

impl fmt::Debug for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
