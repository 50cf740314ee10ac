//! `capstan user`

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use capstan_domain::access::{self, Role};
use clap::{Args, Subcommand};
use serde_json::json;
use sqlx::Connection;

use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;

/// Most bytes of a password on standard input.
const PASSWORD_BYTES_MAX: u64 = 4_096;

/// What to do with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user who belongs to a workspace; the password is read from standard input.
    Create(CreateArgs),
}

/// The new user.
#[derive(Args, Debug)]
pub(crate) struct CreateArgs {
    /// Their e-mail address. It is taken as theirs.
    email: String,
    /// What people call them.
    #[arg(long)]
    name: String,
    /// Slug of the workspace.
    #[arg(long)]
    workspace: String,
    /// owner, admin, member or viewer.
    #[arg(long, default_value = "owner", value_parser = role)]
    role: Role,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan user …`.
pub(crate) async fn run(command: &UserCommand, json: bool) -> anyhow::Result<ExitCode> {
    let UserCommand::Create(args) = command;
    let email = access::normal_email(&args.email).ok_or_else(|| anyhow!("{:?} is no e-mail address", args.email))?;
    let password = strong_password(&email)?;
    let database = Database::connect(&args.database, "user create").await?;
    database.require_migrated().await?;
    let hash = access::hash_password(password).await?;
    let mut owner = database.owner().await?;
    let mut transaction = owner.begin().await?;
    let tenant = access::resolve_slug(&mut transaction, &args.workspace).await?.ok_or_else(|| {
        anyhow!("there is no workspace {:?}: make it with `capstan workspace create {0}`", args.workspace)
    })?;
    let user_id = access::create_user(&mut transaction, &email, &args.name, &hash)
        .await
        .with_context(|| format!("the user {email} was not made"))?;
    access::add_member(&mut transaction, tenant.workspace_id, user_id, args.role).await?;
    transaction.commit().await?;
    let result = json!({"user_id": user_id, "email": email, "workspace": args.workspace, "role": args.role});
    output::result(json, &result, &format!("{email} is {} of {} and can log in.", args.role, args.workspace));
    Ok(ExitCode::SUCCESS)
}

/// The first line of standard input, if it will do.
pub(crate) fn strong_password(email: &str) -> anyhow::Result<String> {
    let password = password()?;
    if !access::is_strong(&password, email) {
        let (least, most) = (access::PASSWORD_CHARS.start(), access::PASSWORD_CHARS.end());
        bail!("the password needs {least} to {most} characters, and must not be the address");
    }
    Ok(password)
}

/// The first line of standard input. Not an argument: other users of the machine can read those.
fn password() -> anyhow::Result<String> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        output::note("Password, then Enter and Ctrl-D (it is shown as you type; better: from a file):");
    }
    let mut text = String::new();
    input.by_ref().take(PASSWORD_BYTES_MAX).read_to_string(&mut text).context("the password was not read")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|()| "a role is owner, admin, member or viewer".into())
}
