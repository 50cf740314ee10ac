//! Credentials of steps: found by name, sent to their own hosts only, and taken out of what the step gives away.

use std::time::Duration;

use capstan_domain::credentials::{CredentialType, Opened, Token, Vault, allows, credential_type};
use capstan_domain::secrets::OpenError;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;
use serde_json::Value;
use url::Url;

use crate::node_type::Context;
use crate::own_database::unanswered;
use crate::services::guard::shown;

mod attach;
mod gmail;
mod oauth;
mod server;
mod trying;

pub use attach::attach;
pub use gmail::{Gmail, REJECTED as GMAIL_REJECTED, TRANSIENT as GMAIL_TRANSIENT};
pub use server::{MailLogin, MailWay, mail_login, mail_way};
pub use trying::try_out;

/// The class of a credential that is missing or does not work.
pub const CLASS: &str = "credential";
/// The class of a host that a credential must not be sent to.
pub const HOST_CLASS: &str = "credential_host";
/// The class of a credential that cannot be had at the moment.
pub const AWAY_CLASS: &str = "credential_away";
/// All of them.
pub const CLASSES: [&str; 3] = [CLASS, HOST_CLASS, AWAY_CLASS];

/// Opens credentials, and keeps the tokens that were fetched with them.
pub trait CredentialVault: Send + Sync {
    /// The credential of that name, if there is one; whether it opens.
    fn find<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Result<Opened, OpenError>>, StoreError>>;
    /// Takes the turn to fetch a token; its number, or none if another one has it, or had it since.
    fn begin_refresh<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        opened: &'a Opened,
    ) -> BoxFuture<'a, Result<Option<i64>, StoreError>>;
    /// Keeps what was fetched; false if the turn is over.
    fn finish_refresh<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        opened: &'a Opened,
        number: i64,
        token: &'a Token,
        expires_in: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
    /// Gives the turn up.
    fn give_up_refresh<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        opened: &'a Opened,
        number: i64,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl CredentialVault for Vault {
    fn find<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Result<Opened, OpenError>>, StoreError>> {
        Box::pin(Vault::find(self, workspace_id, name))
    }

    fn begin_refresh<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        opened: &'a Opened,
    ) -> BoxFuture<'a, Result<Option<i64>, StoreError>> {
        Box::pin(Vault::begin_refresh(self, workspace_id, opened))
    }

    fn finish_refresh<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        opened: &'a Opened,
        number: i64,
        token: &'a Token,
        expires_in: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(Vault::finish_refresh(self, workspace_id, opened, number, token, expires_in))
    }

    fn give_up_refresh<'a>(
        &'a self,
        workspace_id: WorkspaceId,
        opened: &'a Opened,
        number: i64,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(Vault::give_up_refresh(self, workspace_id, opened, number))
    }
}

/// A vault without credentials.
pub struct NoVault;

impl CredentialVault for NoVault {
    fn find<'a>(
        &'a self,
        _: WorkspaceId,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Result<Opened, OpenError>>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn begin_refresh<'a>(&'a self, _: WorkspaceId, _: &'a Opened) -> BoxFuture<'a, Result<Option<i64>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn finish_refresh<'a>(
        &'a self,
        _: WorkspaceId,
        _: &'a Opened,
        _: i64,
        _: &'a Token,
        _: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async { Ok(false) })
    }

    fn give_up_refresh<'a>(&'a self, _: WorkspaceId, _: &'a Opened, _: i64) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

/// The credential of that name, for a node of that type, or how the step ends without it. Its secrets are taken out of whatever
/// the step gives away from now on.
async fn open(context: &Context, name: &str, node_type: &str) -> Result<Opened, Outcome> {
    let (opened, kind) = open_any(context, name).await?;
    if kind.fits.contains(&node_type) {
        return Ok(opened);
    }
    let reason = format!("the credential \"{name}\" is of type {}, which this node cannot use", kind.name);
    Err(Outcome::fail(CLASS, reason))
}

/// The same for whatever it is of use.
async fn open_any(context: &Context, name: &str) -> Result<(Opened, &'static CredentialType), Outcome> {
    let finding = context.services.credentials.find(context.workspace_id, name);
    let Some(opened) = context.database.ask(finding).await.map_err(|error| away(&error))? else {
        let reason = format!("there is no credential \"{name}\" in this workspace; make it, or name another one");
        return Err(Outcome::fail(CLASS, reason));
    };
    let opened = opened.map_err(|error| Outcome::fail(CLASS, format!("the credential \"{name}\": {error}")))?;
    let Some(kind) = credential_type(&opened.kept.kind) else {
        let kind = &opened.kept.kind;
        let reason = format!("the credential \"{name}\" is of type {kind}, which this build does not know; update it");
        return Err(Outcome::fail(CLASS, reason));
    };
    let secrets = kind.fields.iter().filter(|field| field.is_secret);
    let values = secrets.filter_map(|field| opened.kept.fields.get(field.name));
    let texts = values.flat_map(|value| match value {
        Value::Object(pairs) => pairs.values().filter_map(Value::as_str).collect::<Vec<_>>(),
        value => value.as_str().into_iter().collect(),
    });
    hide(context, texts)?;
    Ok((opened, kind))
}

/// Takes these out of whatever the step gives away.
fn hide<'a>(context: &Context, secrets: impl IntoIterator<Item = &'a str>) -> Result<(), Outcome> {
    context.secrets.add(secrets).map_err(|error| Outcome::fail(CLASS, error.to_string()))
}

/// Refuses a host that the credential does not name.
fn check_host(name: &str, opened: &Opened, url: &Url) -> Result<(), Outcome> {
    if allows(&opened.kept.allowed_hosts, url) {
        return Ok(());
    }
    let hosts = opened.kept.allowed_hosts.join(", ");
    let reason = format!(
        "the credential \"{name}\" may be sent to {hosts} only, not to {}; nothing was sent. Who manages credentials can allow \
         the host; without TLS it has to be written with http://",
        shown(url)
    );
    Err(Outcome::fail(HOST_CLASS, reason))
}

fn away(error: &StoreError) -> Outcome {
    unanswered(error, AWAY_CLASS, format!("the credential cannot be had at the moment: {error}"))
}
