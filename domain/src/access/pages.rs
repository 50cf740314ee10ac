//! The parts of the product that a workspace can have: one table, which drives the routes, what `/me` tells and the editor's navigation.
//! Administrators of the platform assign them; a workspace without an assignment has all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::permissions::Permission;

/// `Name = "name" "Title": what is there;`
macro_rules! pages {
    ($($name:ident = $text:literal $title:literal: $about:literal;)*) => {
        /// A part of the product, as the editor shows it. What runs does not depend on it: a workspace without the page of forms still
        /// takes forms in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Page {
            $(#[doc = $about] $name,)*
        }

        impl Page {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As in tables, JSON and the editor's addresses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What people call it.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }

            /// What is there, for people.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about),* }
            }
        }
    };
}

pages! {
    Overview = "overview" "Overview": "How the workspace fares, day by day.";
    Workflows = "workflows" "Workflows": "Workflows, their drafts and versions, and node types.";
    Executions = "executions" "Executions": "Executions, their logs, and approvals.";
    Failures = "failures" "Failures": "What failed, by its cause, and what is done to many executions at once.";
    Alerts = "alerts" "Alerts": "Alerts, and the rules that raise them.";
    Rules = "rules" "Rules": "Automation rules.";
    Schedules = "schedules" "Schedules": "Schedules and other triggers.";
    Forms = "forms" "Forms": "Forms that workflows ask with.";
    Webhooks = "webhooks" "Webhooks": "Webhook endpoints and what was delivered to them.";
    Credentials = "credentials" "Credentials": "Credentials, and secrets of hooks.";
    Leads = "leads" "Leads": "Leads, the board and the pipeline.";
    Records = "records" "Records": "Records, and the types that a workspace defines.";
    Usage = "usage" "Usage": "What was used, quotas, plans and billing.";
    Keys = "keys" "API keys": "API keys.";
    Audit = "audit" "Audit log": "Who changed what.";
}

impl Page {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl Permission {
    /// Where routes that need it belong, unless a route says otherwise. What every workspace has to have belongs to no page: its
    /// settings, its people, and what the law asks for.
    #[must_use]
    pub const fn page(self) -> Option<Page> {
        match self {
            Self::WorkflowsRead | Self::WorkflowsWrite | Self::WorkflowsPublish => Some(Page::Workflows),
            Self::ExecutionsRead | Self::ExecutionsStart | Self::ExecutionsOperate | Self::ApprovalsAnswer => {
                Some(Page::Executions)
            }
            Self::CredentialsRead | Self::CredentialsWrite | Self::CredentialsUse => Some(Page::Credentials),
            Self::WebhooksRead | Self::WebhooksWrite => Some(Page::Webhooks),
            Self::TriggersRead | Self::TriggersWrite => Some(Page::Schedules),
            Self::LeadsRead | Self::LeadsWrite | Self::LeadsManage => Some(Page::Leads),
            Self::RecordsRead | Self::RecordsWrite | Self::RecordsManage => Some(Page::Records),
            Self::KeysRead | Self::KeysWrite => Some(Page::Keys),
            Self::UsageRead | Self::BillingRead => Some(Page::Usage),
            Self::AuditRead => Some(Page::Audit),
            Self::WorkspaceRead
            | Self::WorkspaceWrite
            | Self::WorkspaceOwn
            | Self::EventsWrite
            | Self::PersonsManage
            | Self::AuditExport
            | Self::MembersRead
            | Self::MembersWrite => None,
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Page {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|page| page.as_str() == text).ok_or(())
    }
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom(format!("there is no page {text:?}")))
    }
}

/// A set of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages(u32);

impl Pages {
    /// What a workspace has to which none were assigned.
    #[must_use]
    pub fn all() -> Self {
        Page::ALL.iter().copied().collect()
    }

    /// As they are stored: absent means all. Words that this build does not know stand for no page.
    #[must_use]
    pub fn of_words(words: Option<&[String]>) -> Self {
        words.map_or_else(Self::all, |words| words.iter().filter_map(|word| word.parse().ok()).collect())
    }

    /// Whether it is in.
    #[must_use]
    pub fn has(self, page: Page) -> bool {
        self.0 & page.bit() != 0
    }

    /// In the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Page> {
        Page::ALL.iter().copied().filter(move |page| self.has(*page))
    }
}

impl FromIterator<Page> for Pages {
    fn from_iter<I: IntoIterator<Item = Page>>(pages: I) -> Self {
        Self(pages.into_iter().fold(0, |set, page| set | page.bit()))
    }
}

impl Serialize for Pages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_pages_are_one_to_one_and_fit_into_the_set() {
        assert!(Page::ALL.len() <= 32);
        for page in Page::ALL {
            assert_eq!(page.as_str().parse(), Ok(*page));
        }
        assert_eq!(Pages::all().iter().count(), Page::ALL.len());
    }

    #[test]
    fn what_is_stored_names_pages_and_nothing_stored_is_all() {
        assert_eq!(Pages::of_words(None), Pages::all());
        let words = ["leads", "of.tomorrow"].map(str::to_owned);
        assert_eq!(Pages::of_words(Some(&words)).iter().collect::<Vec<_>>(), [Page::Leads]);
        assert_eq!(Pages::of_words(Some(&[])), Pages::default());
    }
}
