//! What may be asked of a workspace that is not active. The state comes with the look-up of the key, session or slug.

use axum::http::{Method, StatusCode};
use capstan_domain::access::{Permission, Tenant, TenantState};

use crate::problem::Problem;

/// What somebody wants of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// One of its people or keys reads.
    Look,
    /// One of its people or keys takes somebody's access away: a key, a member, an invitation.
    Withdraw,
    /// One of its people or keys does what the law asks for: exports or erases what is held about a person.
    Lawful,
    /// One of its people or keys changes something else.
    Change,
    /// Anybody sets a trigger off, or follows a link: why the workspace is closed is not told.
    Trigger,
}

impl Deed {
    /// What a route with that method does that needs `permission`. What is needed for changes is no permission to read.
    pub(crate) fn of(permission: Permission, method: &Method) -> Self {
        match permission {
            _ if permission.as_str().ends_with(".read") => Self::Look,
            Permission::PersonsManage | Permission::AuditExport => Self::Lawful,
            Permission::KeysWrite | Permission::MembersWrite if *method == Method::DELETE => Self::Withdraw,
            _ => Self::Change,
        }
    }
}

/// Refuses what the state of the workspace does not allow. 403 `workspace_suspended`, `workspace_archived`,
/// `workspace_not_ready`.
pub(crate) fn require(tenant: &Tenant, deed: Deed) -> Result<(), Problem> {
    let reason = match &tenant.state_reason {
        Some(reason) if deed != Deed::Trigger => format!(": {reason}"),
        _ => String::new(),
    };
    let slug = &tenant.slug;
    let (code, detail, hint) = match tenant.state {
        TenantState::Active => return Ok(()),
        // Whatever could be read with a key for ever has to be taken from it some day.
        TenantState::Archived if matches!(deed, Deed::Look | Deed::Withdraw | Deed::Lawful) => return Ok(()),
        TenantState::Suspended => (
            "workspace_suspended",
            format!("the workspace \"{slug}\" is suspended{reason}"),
            "it goes on where it stopped once whoever operates this server resumes it",
        ),
        TenantState::Archived => (
            "workspace_archived",
            format!("the workspace \"{slug}\" is archived, and is not changed any more{reason}"),
            "it can be read and exported, people and keys can be removed, and persons erased",
        ),
        TenantState::Draft | TenantState::Provisioning => (
            "workspace_not_ready",
            format!("the workspace \"{slug}\" is being made"),
            "try again when its operation is completed",
        ),
    };
    Err(Problem::new(StatusCode::FORBIDDEN, code, detail, hint))
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::ids::WorkspaceId;

    use capstan_domain::cells::CellAddress;

    use super::*;

    #[test]
    fn what_a_state_allows() {
        use Deed::{Change, Lawful, Look, Trigger, Withdraw};
        for (state, deed, expected) in [
            (TenantState::Active, Change, None),
            (TenantState::Suspended, Look, Some("the workspace \"acme\" is suspended: unpaid")),
            (TenantState::Suspended, Trigger, Some("the workspace \"acme\" is suspended")),
            (TenantState::Suspended, Withdraw, Some("the workspace \"acme\" is suspended: unpaid")),
            (TenantState::Archived, Look, None),
            (TenantState::Archived, Withdraw, None),
            (TenantState::Archived, Lawful, None),
            (TenantState::Suspended, Lawful, Some("the workspace \"acme\" is suspended: unpaid")),
            (
                TenantState::Archived,
                Change,
                Some("the workspace \"acme\" is archived, and is not changed any more: unpaid"),
            ),
            (TenantState::Archived, Trigger, Some("the workspace \"acme\" is archived, and is not changed any more")),
            (TenantState::Draft, Look, Some("the workspace \"acme\" is being made")),
            (TenantState::Provisioning, Look, Some("the workspace \"acme\" is being made")),
        ] {
            let (slug, cell, state_reason) = ("acme".into(), CellAddress::pooled("cell_1"), Some("unpaid".into()));
            let tenant = Tenant { workspace_id: WorkspaceId::new(), slug, cell, state, state_reason };
            let said = require(&tenant, deed).err().map(|problem| problem.detail);
            assert_eq!(said.as_deref(), expected, "{state} {deed:?}");
        }
    }
}
