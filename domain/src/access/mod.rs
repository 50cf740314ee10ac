//! Workspaces and who may act for them.
//!
//! Making workspaces from the command line needs a connection of the owner to the `control` schema. Resolving needs one of
//! the API role, which can only turn an exact key or slug into one workspace. People are the matter of the access role.

mod api_keys;
mod departures;
mod error;
mod identities;
mod invitations;
mod lifecycle;
mod links;
mod logins;
mod members;
mod operations;
mod pages;
mod passwords;
pub mod permissions;
mod platform;
mod resolve;
mod secrets;
mod sessions;
mod standings;
pub mod tokens;
mod tries;
mod users;
mod workspaces;

pub(crate) use api_keys::NAME_CHARS as KEY_NAME_CHARS;
pub use api_keys::{
    KEY_BYTES, KeyId, KeyRow, NewKey, create_key, find_key, hash_key, hold_key, is_key, list_keys, make_key, revoke_key,
};
pub use error::AccessError;
pub use identities::{IdentityRow, Unlinked, list_identities, unlink_identity};
pub use invitations::{
    INVITATIONS_MAX, InvitationRow, OpenInvitation, invite, list_invitations, look_at_invitation, revoke_invitation,
    use_invitation,
};
pub use lifecycle::{BadMove, MOVES, MoveError, Mover, REASON_CHARS_MAX, TenantState, hold_state, move_tenant};
pub use links::{LinkKind, OpenLink, look_at_link, make_link, use_link};
pub use logins::{Entry, LOGIN_MINUTES, Visitor, Welcome, begin_login, enter, take_login};
pub use members::{
    Changed, MEMBERS_MAX, MemberRow, add_member, change_role, find_member, hold_role, list_members, remove_member,
    transfer,
};
pub use operations::{
    Asked, DDL_STEPS, DEDICATED_STEPS, OperationRow, Placement, STEPS, TRIES_MAX, WantedWorkspace, ask_operation,
    ddl_waits_s, due_ddl_operations, due_operations, find_operation, get_operation, open_operations, retry_operation,
    step_done, step_failed, steps_of, take_ddl_operation, take_operation,
};
pub use pages::{Page, Pages};
pub use passwords::{PASSWORD_CHARS, PasswordError, hash_password, is_password, is_strong};
pub use permissions::{Permission, Permissions, Role};
pub use platform::{
    AdminRow, TenantRow, TransitionRow, get_tenant, is_member, is_super_admin, list_super_admins, list_tenants,
    make_super_admin, revoke_super_admin, tenant_history,
};
pub use resolve::{
    AdmittedKey, KeyName, Tenant, admit_key, admit_key_by_id, is_slug, name_key, resolve_key, resolve_slug, tenant_of,
    touch_key, touch_key_by_id,
};
pub(crate) use resolve::{SLUG_BYTES, SLUG_PATTERN};
pub use secrets::{hash_secret, new_secret, normal_email};
pub use sessions::{
    IDLE_HOURS, LIFE_DAYS, Level, MEMBERSHIPS, Membership, Origin, PERSON_BY_TOKEN, Person, SessionRow, end_session,
    end_sessions, find_absent_person, find_person, list_sessions, open_session, open_session_at,
};
pub use standings::{UntoldMove, mark_told, mark_untold, tell_cell, untold_moves};
pub use tries::{Share, Tried, count_try, forgive_try, take_share};
pub(crate) use users::NAME_CHARS as USER_NAME_CHARS;
pub use users::{
    UserRow, check_user_name, create_user, find_user, forget_password, hold_password, rename_user, set_password,
};
pub(crate) use workspaces::NAME_CHARS as WORKSPACE_NAME_CHARS;
pub use workspaces::{
    NewTenant, WORKSPACES_LISTED_MAX, WorkspaceRow, cell_schemas, check_tenant, create_tenant, create_tenant_as,
    create_workspace, draft_tenant, ensure_cell, is_plan, list_workspaces,
};
