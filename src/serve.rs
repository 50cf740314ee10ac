//! `capstan serve`

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use capstan_api::{Api, ApiSettings};
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use crate::accounts::WithoutServer;
use crate::billing::BillingArgs;
use crate::config::{AccountArgs, AllowArgs, DatabaseArgs, ListenArgs, MailServerArgs, NodeTypeArgs};
use crate::database::Database;
use crate::mail_in::MailInArgs;
use crate::pooler::PoolerArgs;
use crate::replica::ReplicaArgs;
use crate::secret_keys::SecretArgs;
use crate::{accounts, interrupt, output, plan};

/// Settings of an API process.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    mail_server: MailServerArgs,
    #[command(flatten)]
    accounts: AccountArgs,
    #[command(flatten)]
    allow: AllowArgs,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    pooler: PoolerArgs,
    #[command(flatten)]
    replica: ReplicaArgs,
    #[command(flatten)]
    billing: BillingArgs,
    #[command(flatten)]
    mail_in: MailInArgs,
    #[command(flatten)]
    node_types: NodeTypeArgs,
}

/// Serves until SIGINT or SIGTERM, then lets running requests finish.
pub(crate) async fn run(args: ServeArgs, json: bool) -> anyhow::Result<ExitCode> {
    let stop = interrupt::token()?;
    let listener = bind(&args.listen).await?;
    let url = local_url(listener.local_addr()?);
    let mut database = Database::connect(&args.database, "serve").await?;
    database.require_migrated().await?;
    args.pooler.put_before(&mut database).await?;
    if args.accounts.sign_up {
        plan::require(&mut database.owner().await?, &args.accounts.default_plan).await?;
    }
    let billing = args.billing.settings()?;
    if let Some(plan) = BillingArgs::fallback_plan(&billing) {
        plan::require(&mut database.owner().await?, plan).await?;
    }
    let settings = ApiSettings {
        control: database.control.clone(),
        cell: database.cell.clone(),
        page_workspace: None,
        mail_sandbox: args.mail_server.smtp().is_none(),
        accounts: accounts::settings(&args.accounts, &args.mail_server, &url, &database.cell, WithoutServer::NoMail)?,
        keys: args.secrets.ring()?,
        allow: args.allow.allowed(),
        mail_in: args.mail_in.settings()?,
        replica: args.replica.settings()?,
        billing,
    };
    let api = Api::new(settings, Arc::new(args.node_types.registry()), None);
    let mails = args.mail_in.serve(&api, stop.clone()).await?;
    let mail_in = mails.as_ref().map(|(address, _)| address.to_string());
    tracing::info!(url, mail_in, "serving");
    if json {
        let ready = json!({"event": "ready", "url": url, "mail_in": mail_in, "pid": std::process::id()});
        output::line(&ready.to_string());
    }
    let served = capstan_api::serve(listener, api, stop).await;
    if let Some((_, taking)) = mails {
        taking.await.context("mails could not be taken any more")?;
    }
    served.context("the API stopped")?;
    Ok(ExitCode::SUCCESS)
}

/// Listens, or says what to do about a port that is taken.
pub(crate) async fn bind(args: &ListenArgs) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(args.listen).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
            "{} is in use: stop the program that listens there (another `capstan dev`?), or choose another address \
             with --listen or CAPSTAN_LISTEN (port 0 takes a free one)",
            args.listen
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {}", args.listen)),
    }
}

/// The address as a browser on this machine writes it.
pub(crate) fn local_url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}
