//! People: who may log in, members, invitations, sessions, keys.

use schemars::JsonSchema;

use super::{Id, Time};

/// What somebody may do in a workspace; see `docs/permissions.md`.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum RoleName {
    Owner,
    Admin,
    Member,
    Viewer,
}

/// What a page for logging in may offer.
#[derive(JsonSchema)]
pub(crate) struct AccessOffered {
    /// Whether anybody may sign up.
    sign_up: bool,
    /// Whether this installation sends mail.
    mail: bool,
    /// What everybody is to be shown; null for nothing.
    notice: Option<String>,
    /// Where to ask for help; null if nobody has said.
    support_address: Option<String>,
    password: PasswordRule,
}

#[derive(JsonSchema)]
pub(crate) struct PasswordRule {
    chars_min: u32,
    chars_max: u32,
}

/// Somebody of the workspace.
#[derive(JsonSchema)]
pub(crate) struct Member {
    user_id: Id,
    email: String,
    name: String,
    role: RoleName,
    joined_at: Time,
}

/// An invitation that is open.
#[derive(JsonSchema)]
pub(crate) struct Invitation {
    id: Id,
    email: String,
    role: RoleName,
    /// A person's address, or the name of a key.
    invited_by: String,
    created_at: Time,
    expires_at: Time,
}

/// Where somebody is logged in.
#[derive(JsonSchema)]
pub(crate) struct Session {
    id: Id,
    created_at: Time,
    last_seen_at: Time,
    expires_at: Time,
    address: Option<String>,
    user_agent: Option<String>,
    /// Whether the request comes from it.
    current: bool,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum LinkPurpose {
    SignUp,
    Reset,
    Invitation,
}

/// What a link in a mail is for. Workspace, role and `has_account` are there for invitations only.
#[derive(JsonSchema)]
pub(crate) struct MailLink {
    kind: LinkPurpose,
    email: String,
    expires_at: Time,
    #[schemars(skip_serializing_if = "absent", with = "InvitedTo")]
    workspace: Option<InvitedTo>,
    #[schemars(skip_serializing_if = "absent", with = "RoleName")]
    role: Option<RoleName>,
    /// Whether the address has an account already: then one logs in first.
    #[schemars(skip_serializing_if = "absent", with = "bool")]
    has_account: Option<bool>,
}

#[derive(JsonSchema)]
pub(crate) struct InvitedTo {
    slug: String,
    name: String,
}

/// Nothing that one would have to know: an object without fields.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// An API key, without the key itself.
#[derive(JsonSchema)]
pub(crate) struct ApiKey {
    id: Id,
    /// Its first characters.
    prefix: String,
    name: String,
    created_at: Time,
    revoked_at: Option<Time>,
    /// Null: all that a key can have.
    scopes: Option<Vec<String>>,
    expires_at: Option<Time>,
    last_used_at: Option<Time>,
    /// The key or user that made it.
    created_by: Option<Id>,
}

/// An API key that has just been made.
#[derive(JsonSchema)]
pub(crate) struct MadeApiKey {
    #[schemars(flatten)]
    row: ApiKey,
    /// The key itself, which is told this once.
    key: String,
}
