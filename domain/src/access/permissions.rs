//! Who may do what: one table, which drives the routes, `docs/permissions.md` and what `/me` tells.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a member of a workspace is there. There is exactly one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Builds and runs workflows.
    Member,
    /// Also cares for people, keys, credentials and settings.
    Admin,
    /// Also gives the workspace away, or ends it.
    Owner,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// What it may do.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        Permission::ALL.iter().copied().filter(|permission| self >= permission.least_role()).collect()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(())
    }
}

/// `Name = "name" from LeastRole: what it allows;`. Who has a role has all that is from a lesser one, too.
macro_rules! permissions {
    ($($name:ident = $text:literal from $role:ident: $about:literal;)*) => {
        /// One thing that one may do in a workspace. API keys have them as scopes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $(#[doc = $about] $name,)*
        }

        impl Permission {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As in scopes, JSON and documentation.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What it allows, for people.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about),* }
            }

            /// The least role that has it.
            #[must_use]
            pub const fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$role),* }
            }
        }
    };
}

permissions! {
    WorkspaceRead = "workspace.read" from Viewer: "See limits, pauses and settings of the workspace.";
    WorkspaceWrite = "workspace.write" from Admin: "Change limits and settings, pause the whole workspace.";
    WorkspaceOwn = "workspace.own" from Owner: "Give the workspace away. No key has it.";
    WorkflowsRead = "workflows.read" from Viewer: "See workflows, drafts, versions and node types.";
    WorkflowsWrite = "workflows.write" from Member: "Make workflows, change and try out drafts.";
    WorkflowsPublish = "workflows.publish" from Member: "Publish a draft, so that it runs.";
    ExecutionsRead = "executions.read" from Viewer: "See executions, logs, approvals and bulk jobs.";
    ExecutionsStart = "executions.start" from Member: "Start executions.";
    ExecutionsOperate = "executions.operate" from Member: "Cancel, pause, resolve, restart, migrate, signal executions.";
    ApprovalsAnswer = "approvals.answer" from Member: "Answer approvals.";
    EventsWrite = "events.write" from Member: "Send custom events.";
    CredentialsRead = "credentials.read" from Member: "See which credentials there are; never their secrets.";
    CredentialsWrite = "credentials.write" from Admin: "Make, change and remove credentials.";
    CredentialsUse = "credentials.use" from Member: "Use credentials in workflows and test them.";
    WebhooksRead = "webhooks.read" from Viewer: "See webhook endpoints and deliveries.";
    WebhooksWrite = "webhooks.write" from Admin: "Make and change webhook endpoints, send deliveries again.";
    TriggersRead = "triggers.read" from Viewer: "See schedules and other triggers.";
    TriggersWrite = "triggers.write" from Member: "Make, change, pause and fire triggers.";
    LeadsRead = "leads.read" from Viewer: "See leads, their history, the board and the pipeline.";
    LeadsWrite = "leads.write" from Member: "Make, change, move and hide leads, and note what was done.";
    LeadsManage = "leads.manage" from Admin: "Change the pipeline and the custom fields of leads.";
    RecordsRead = "records.read" from Viewer: "See records, their history and their types.";
    RecordsWrite = "records.write" from Member: "Make, change, move and delete records.";
    RecordsManage = "records.manage" from Admin: "Define types of records: their states and the ways between them.";
    PersonsManage = "persons.manage" from Admin: "Export and erase what the workspace holds about a person.";
    MembersRead = "members.read" from Viewer: "See who belongs to the workspace, and who is invited.";
    MembersWrite = "members.write" from Admin: "Invite and remove people, change their roles.";
    KeysRead = "keys.read" from Admin: "See which API keys there are; never the keys.";
    KeysWrite = "keys.write" from Admin: "Make and revoke API keys.";
    UsageRead = "usage.read" from Viewer: "See what was used, quotas and plans.";
    BillingRead = "billing.read" from Admin: "See what the provider of payments says of the workspace.";
    AuditRead = "audit.read" from Admin: "See who changed what.";
    AuditExport = "audit.export" from Admin: "Take the audit log out of the workspace, which is recorded.";
}

impl Permission {
    /// Whether a key can have it.
    #[must_use]
    pub fn is_scope(self) -> bool {
        self != Self::WorkspaceOwn
    }

    const fn bit(self) -> u64 {
        1 << self as u32
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == text).ok_or(())
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom(format!("there is no permission {text:?}")))
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u64);

impl Permissions {
    /// All that a key can have.
    #[must_use]
    pub fn all_scopes() -> Self {
        Permission::ALL.iter().copied().filter(|permission| permission.is_scope()).collect()
    }

    /// The scopes of a key as they are stored: absent means all. Words that this build does not know allow nothing.
    #[must_use]
    pub fn of_scopes(scopes: Option<&[String]>) -> Self {
        let Some(scopes) = scopes else { return Self::all_scopes() };
        scopes.iter().filter_map(|scope| scope.parse().ok()).filter(|scope: &Permission| scope.is_scope()).collect()
    }

    /// What only reading needs: for who looks without having said who it is.
    #[must_use]
    pub fn of_a_machine() -> Self {
        let reads = Role::Owner.permissions();
        Self(reads.iter().filter(|permission| permission.as_str().ends_with(".read")).fold(0, |all, it| all | it.bit()))
    }

    /// Whether it is in.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether all of `other` are in.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// In the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |set, permission| set | permission.bit()))
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mightier_role_may_do_all_that_a_lesser_one_may() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[0].permissions().covers(pair[1].permissions()), "{pair:?}");
            assert!(!pair[1].permissions().covers(pair[0].permissions()), "{pair:?}");
        }
        assert_eq!(Role::Owner.permissions().iter().count(), Permission::ALL.len());
        assert!(!Role::Admin.permissions().has(Permission::WorkspaceOwn));
        assert!(Role::Viewer.permissions().iter().all(|permission| permission.as_str().ends_with(".read")));
    }

    #[test]
    fn words_and_permissions_are_one_to_one_and_fit_into_the_set() {
        assert!(Permission::ALL.len() <= 64);
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
        }
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
    }

    #[test]
    fn scopes_give_what_they_name_and_never_the_workspace() {
        assert_eq!(Permissions::of_scopes(None), Permissions::all_scopes());
        let scopes = ["workflows.read", "workspace.own", "of.tomorrow"].map(str::to_owned);
        let found: Vec<_> = Permissions::of_scopes(Some(&scopes)).iter().collect();
        assert_eq!(found, [Permission::WorkflowsRead]);
        assert_eq!(Permissions::of_scopes(Some(&[])), Permissions::default());
    }
}
