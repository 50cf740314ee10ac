//! What the API has to know to let people in.

use std::sync::Arc;

use anyhow::Context;
use capstan_api::AccountSettings;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Place;
use capstan_node_types::services::mail::{MailSettings, Mailer};

use crate::config::{AccountArgs, MailServerArgs};
use crate::login_providers;
use crate::mailbox::SandboxMailbox;

/// Settings of an API that is reached at `url` unless something else is set. Without a mail server, mail to people goes to
/// the sandbox mailbox of `mailbox`, if there is one, else there is none.
pub(crate) fn settings(
    args: &AccountArgs,
    mail: &MailServerArgs,
    url: &str,
    cell: &Place,
    mailbox: Option<WorkspaceId>,
) -> anyhow::Result<AccountSettings> {
    let mailer = if mail.smtp().is_some() || mailbox.is_some() {
        let server = mail.smtp().map(str::parse).transpose().context("CAPSTAN_SMTP_URL is no URL")?;
        let settings = MailSettings { server, from: mail.mail_from.clone(), sandbox: false };
        Some(Arc::new(Mailer::new(&settings, Arc::new(SandboxMailbox::new(cell)))?))
    } else {
        None
    };
    let public_url = mail.public_url().unwrap_or(url).trim_end_matches('/').to_owned();
    Ok(AccountSettings {
        sign_up: args.sign_up,
        plan: args.default_plan.clone(),
        public_url,
        mailer,
        mailbox,
        trusted_proxies: args.proxies()?,
        login_providers: login_providers::read(args.login_providers_file.as_deref())?,
    })
}
