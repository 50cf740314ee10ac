//! Where mails come in that start executions.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use capstan_api::{Api, MAIL_BYTES, MAIL_BYTES_DEFAULT, MailInSettings, serve_mail, tls_acceptor};
use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest domain, in bytes.
const DOMAIN_BYTES_MAX: usize = 255;

/// An SMTP server for the addresses of triggers; none unless it is told where to listen.
#[derive(Args, Clone, Debug)]
pub(crate) struct MailInArgs {
    /// Address on which mails are taken that start executions, such as `0.0.0.0:2525`; none if unset.
    #[arg(long, env = "CAPSTAN_MAIL_IN_LISTEN", help_heading = "Mails that start executions")]
    mail_in_listen: Option<SocketAddr>,
    /// Domain of the addresses of triggers, such as `in.example.com`.
    #[arg(long, env = "CAPSTAN_MAIL_IN_DOMAIN", help_heading = "Mails that start executions")]
    mail_in_domain: Option<String>,
    /// Most bytes of a mail.
    #[arg(long, env = "CAPSTAN_MAIL_IN_BYTES_MAX", default_value_t = MAIL_BYTES_DEFAULT,
        value_parser = clap::value_parser!(u64).range(MAIL_BYTES), help_heading = "Mails that start executions")]
    mail_in_bytes_max: u64,
    /// PEM file with the certificate that is shown to who asks for STARTTLS, and those behind it; not offered if unset.
    #[arg(
        long,
        env = "CAPSTAN_MAIL_IN_TLS_CERT_FILE",
        requires = "mail_in_tls_key_file",
        help_heading = "Mails that start executions"
    )]
    mail_in_tls_cert_file: Option<PathBuf>,
    /// PEM file with its key.
    #[arg(
        long,
        env = "CAPSTAN_MAIL_IN_TLS_KEY_FILE",
        requires = "mail_in_tls_cert_file",
        help_heading = "Mails that start executions"
    )]
    mail_in_tls_key_file: Option<PathBuf>,
}

impl MailInArgs {
    /// What the API has to know, if mails are taken.
    pub(crate) fn settings(&self) -> anyhow::Result<Option<MailInSettings>> {
        if self.mail_in_listen.is_none() {
            return Ok(None);
        }
        let domain = self.mail_in_domain.as_deref().map(str::trim).filter(|domain| !domain.is_empty());
        let Some(domain) = domain else {
            bail!("CAPSTAN_MAIL_IN_LISTEN is set, but no domain: set CAPSTAN_MAIL_IN_DOMAIN, such as in.example.com");
        };
        if !is_domain(domain) {
            bail!("CAPSTAN_MAIL_IN_DOMAIN: {domain:?} is no domain: write it as in.example.com");
        }
        let bytes_max = usize::try_from(self.mail_in_bytes_max).context("CAPSTAN_MAIL_IN_BYTES_MAX is too large")?;
        Ok(Some(MailInSettings { domain: domain.to_ascii_lowercase(), bytes_max }))
    }

    /// Takes mails until `stop`, if they are to be taken; where, and what ends once none is being taken any more.
    pub(crate) async fn serve(
        &self,
        api: &Api,
        stop: CancellationToken,
    ) -> anyhow::Result<Option<(SocketAddr, JoinHandle<()>)>> {
        let Some(address) = self.mail_in_listen else { return Ok(None) };
        let tls = match (&self.mail_in_tls_cert_file, &self.mail_in_tls_key_file) {
            (Some(chain), Some(key)) => Some(tls_acceptor(chain, key).context("CAPSTAN_MAIL_IN_TLS_CERT_FILE")?),
            _ => None,
        };
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address} (CAPSTAN_MAIL_IN_LISTEN)"))?;
        let address = listener.local_addr()?;
        Ok(Some((address, tokio::spawn(serve_mail(listener, api.clone(), tls, stop)))))
    }
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.len() <= DOMAIN_BYTES_MAX && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_names_with_dots_between() {
        let long = "a".repeat(64);
        for good in ["in.example.com", "localhost", "X-1.de"] {
            assert!(is_domain(good), "{good}");
        }
        for bad in ["", ".", "a..b", "-a.b", "a_b.c", "in@example.com", "a.b.", long.as_str()] {
            assert!(!is_domain(bad), "{bad}");
        }
    }
}
