//! Which kinds of news there are: one table, for the preferences of people, the document and the editor.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// `Name = "name" mailed or told: what it is;`. Who has said nothing gets mails of those that are `mailed`.
macro_rules! kinds {
    ($($name:ident = $text:literal $usual:ident: $about:literal;)*) => {
        /// A kind of news.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = $about] $name,)*
        }

        impl Kind {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As in tables and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What it is, for people.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about),* }
            }

            /// Whether people are mailed of it who have said nothing.
            #[must_use]
            pub const fn is_mailed(self) -> bool {
                match self { $(Self::$name => kinds!(@ $usual)),* }
            }
        }
    };
    (@ mailed) => { true };
    (@ told) => { false };
}

kinds! {
    AlertRaised = "alert.raised" mailed: "An alert of the workspace was raised.";
    EndpointDisabled = "webhook.endpoint_disabled" mailed: "A webhook endpoint was disabled, as it only fails or is gone.";
    QuotaSoft = "quota.soft" told: "A quota of the workspace has reached its limit.";
    QuotaExceeded = "quota.exceeded" mailed: "A quota of the workspace is used up, and something was refused.";
    WorkflowNotice = "workflow.notice" told: "A workflow has something to tell.";
    InvitationAccepted = "invitation.accepted" told: "Somebody has joined the workspace.";
    OperationCompleted = "operation.completed" told: "A workspace that was asked for is made.";
    OperationFailed = "operation.failed" mailed: "A workspace that was asked for could not be made.";
}

impl Kind {
    /// Whether it comes about in the cell of a workspace, which may have its people left alone with it.
    #[must_use]
    pub const fn is_of_cell(self) -> bool {
        !matches!(self, Self::InvitationAccepted | Self::OperationCompleted | Self::OperationFailed)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
