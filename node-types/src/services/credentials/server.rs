//! By which way mail of workspaces goes: mail servers, and Google accounts.

use capstan_domain::credentials::{AllowedHost, GMAIL, Opened};
use capstan_engine::core::outcome::Outcome;
use serde_json::Value;
use url::Host;

use super::{CLASS, Gmail, HOST_CLASS, open};
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

/// How mail goes by a credential. No `Debug`, on purpose.
pub enum MailWay {
    /// By a mail server.
    Server(MailLogin),
    /// As a Google account.
    Gmail(Box<Gmail>),
}

/// The mail server of the credential of that name, for what sends by servers only.
///
/// # Errors
/// How the step ends without it.
pub async fn mail_login(context: &Context, name: &str, node_type: &str) -> Result<MailLogin, Outcome> {
    login_of(name, &open(context, name, node_type).await?)
}

/// What the credential of that name is for.
///
/// # Errors
/// How the step ends without it.
pub async fn mail_way(context: &Context, name: &str, node_type: &str) -> Result<MailWay, Outcome> {
    let opened = open(context, name, node_type).await?;
    if opened.kept.kind == GMAIL {
        return Ok(MailWay::Gmail(Box::new(Gmail::of(name, opened)?)));
    }
    Ok(MailWay::Server(login_of(name, &opened)?))
}

/// The mail server that an opened credential is for.
pub(super) fn login_of(name: &str, opened: &Opened) -> Result<MailLogin, Outcome> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::mail::{Letter, MailError};
    use crate::smtp_sink::SmtpSink;
    use crate::testing::{context_keeping, failed};

    fn context_with(host: &str, port: u16, hosts: &[&str], allow: Vec<String>) -> Context {
        let fields = json!({"host": host, "port": port, "tls": "none", "from": "Shop <shop@example.com>"});
        context_keeping(allow, "smtp", hosts.iter().map(|&host| host.into()).collect(), fields)
    }

    async fn send(context: &Context) -> Result<(), MailError> {
        let login = mail_login(context, "mail", "action.send_email").await.unwrap();
        let to = vec!["ada@example.com".to_owned()];
        let letter = Letter { to, subject: "Offer".into(), text: "Hello".into(), ..Letter::default() };
        let services = &context.services;
        Box::pin(services.mail.send(context.workspace_id, "key", letter, Some((login, &services.http)))).await.map(drop)
    }

    #[tokio::test]
    async fn mail_goes_to_the_server_of_the_workspace_if_it_may_be_reached() {
        let (sink, mut mails) = SmtpSink::start().await.unwrap();
        let (host, port) = (sink.address().ip().to_string(), sink.address().port());
        let context = context_with(&host, port, &[&host], vec![sink.address().to_string()]);
        send(&context).await.unwrap();
        assert_eq!(mails.recv().await.unwrap().from, "shop@example.com");
        let refused = send(&context_with(&host, port, &[&host], Vec::new())).await;
        assert!(matches!(refused, Err(MailError::Refused(_))), "{refused:?}");
        let other = context_with(&host, port, &["mail.example.com"], vec![sink.address().to_string()]);
        let Err(outcome) = mail_login(&other, "mail", "action.send_email").await else { panic!("it is not allowed") };
        assert_eq!(failed(outcome).0, HOST_CLASS);
    }

    #[tokio::test]
    async fn a_credential_of_another_type_is_refused() {
        let context = context_with("127.0.0.1", 25, &["127.0.0.1"], Vec::new());
        let Err(outcome) = mail_login(&context, "mail", "action.http_request").await else { panic!("it does not fit") };
        let (class, reason) = failed(outcome);
        assert!(class == CLASS && reason.contains("of type smtp"), "{class}: {reason}");
    }
}
