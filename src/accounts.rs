//! What the API has to know to let people in.

use std::sync::Arc;

use anyhow::Context;
use capstan_api::AccountSettings;
use capstan_engine::store::connect::Place;
use capstan_node_types::services::mail::{MailSettings, Mailer};

use crate::config::{AccountArgs, MailServerArgs};
use crate::mailbox::SandboxMailbox;
use crate::{gmail_client, login_providers};

/// Where mail to people goes if no mail server is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WithoutServer {
    /// To the sandbox mailbox, which only this machine sees.
    Sandbox,
    /// Nowhere: what needs mail is refused.
    NoMail,
}

/// Settings of an API that is reached at `url` unless something else is set.
pub(crate) fn settings(
    args: &AccountArgs,
    mail: &MailServerArgs,
    url: &str,
    cell: &Place,
    without_server: WithoutServer,
) -> anyhow::Result<AccountSettings> {
    let mailer = if mail.smtp().is_some() || without_server == WithoutServer::Sandbox {
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
        trusted_proxies: args.proxies()?,
        rates: args.rates.limits(),
        login_providers: login_providers::read(args.login_providers_file.as_deref())?,
        gmail: gmail_client::read(args.gmail_client_file.as_deref())?,
    })
}
