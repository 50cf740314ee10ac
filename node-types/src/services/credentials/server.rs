//! Mail servers of workspaces.

use capstan_domain::credentials::AllowedHost;
use capstan_engine::core::outcome::Outcome;
use serde_json::Value;
use url::Host;

use super::{CLASS, HOST_CLASS, open};
use crate::node_type::Context;

/// How mail is handed to a server of a workspace. No `Debug`, on purpose.
pub struct MailLogin {
    /// Name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password.
    pub login: Option<(String, String)>,
    /// `required`, `implicit` or `none`.
    pub tls: String,
    /// Sender of mails that name none.
    pub from: Option<String>,
}

/// The mail server of the credential of that name.
///
/// # Errors
/// How the step ends without it.
pub async fn mail_login(context: &Context, name: &str, node_type: &str) -> Result<MailLogin, Outcome> {
    let opened = open(context, name, node_type).await?;
    let text = |field: &str| opened.kept.text(field).map(str::to_owned);
    let host = text("host").unwrap_or_default();
    let port = opened.kept.fields.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    let (Ok(parsed), Some(port)) = (Host::parse(&host), port) else {
        return Err(Outcome::fail(CLASS, format!("the credential \"{name}\" names no usable mail server")));
    };
    let entries = opened.kept.allowed_hosts.iter().filter_map(|entry| AllowedHost::parse(entry).ok());
    if !entries.into_iter().any(|entry| entry.names(&parsed, port)) {
        let reason = format!("the credential \"{name}\" does not allow its own mail server {host}:{port}; replace it");
        return Err(Outcome::fail(HOST_CLASS, reason));
    }
    let login = text("username").map(|user| (user, text("password").unwrap_or_default()));
    Ok(MailLogin { host, port, login, tls: text("tls").unwrap_or_else(|| "required".into()), from: text("from") })
}
