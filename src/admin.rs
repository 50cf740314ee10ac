//! `capstan admin`

use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use capstan_domain::access;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sqlx::Connection;

use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output::{self, table};
use crate::user;

/// What to do with administrators of the platform.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Make one: of a user who is there, or of a new one, whose password is read from standard input.
    Create(CreateArgs),
    /// List them.
    List(ListArgs),
    /// Take it from one; the user stays.
    Revoke(RevokeArgs),
}

/// The new administrator.
#[derive(Args, Debug)]
pub(crate) struct CreateArgs {
    /// Their e-mail address. It is taken as theirs.
    email: String,
    /// What people call them, if they are no user yet.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Where they are.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Who is none any more.
#[derive(Args, Debug)]
pub(crate) struct RevokeArgs {
    /// Their e-mail address.
    email: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan admin …`.
pub(crate) async fn run(command: &AdminCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        AdminCommand::Create(args) => create(args, json).await?,
        AdminCommand::List(args) => list(args, json).await?,
        AdminCommand::Revoke(args) => revoke(args, json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(args: &CreateArgs, json: bool) -> anyhow::Result<()> {
    let email = normal(&args.email)?;
    let database = connect(&args.database, "admin create").await?;
    let mut owner = database.owner().await?;
    let known = access::find_user(&mut owner, &email).await?.map(|user| user.user_id);
    let hash = if known.is_none() { Some(access::hash_password(user::strong_password(&email)?).await?) } else { None };
    let mut transaction = owner.begin().await?;
    let user_id = match (known, hash) {
        (Some(user_id), _) => user_id,
        (None, hash) => {
            let name = args.name.as_deref().ok_or_else(|| anyhow!("{email} is no user yet: say --name"))?;
            access::create_user(&mut transaction, &email, name, &hash.unwrap_or_default())
                .await
                .with_context(|| format!("the user {email} was not made"))?
        }
    };
    let is_new = access::make_super_admin(&mut transaction, user_id).await?;
    transaction.commit().await?;
    let said = if is_new { "is an administrator of the platform" } else { "was an administrator before" };
    let result = json!({ "user_id": user_id, "email": email, "role": "super_admin", "is_new": is_new });
    output::result(json, &result, &format!("{email} {said}, and logs in without naming a workspace."));
    Ok(())
}

async fn list(args: &ListArgs, json: bool) -> anyhow::Result<()> {
    let database = connect(&args.database, "admin list").await?;
    let admins = access::list_super_admins(&mut database.owner().await?).await?;
    let rows: Vec<Value> = admins.iter().map(|admin| json!(admin)).collect();
    let text = table::plain(&["email", "name", "granted_at"], &rows);
    output::result(json, &json!({ "admins": rows }), &text);
    Ok(())
}

async fn revoke(args: &RevokeArgs, json: bool) -> anyhow::Result<()> {
    let email = normal(&args.email)?;
    let database = connect(&args.database, "admin revoke").await?;
    let mut owner = database.owner().await?;
    let user = access::find_user(&mut owner, &email).await?.ok_or_else(|| anyhow!("there is no user {email}"))?;
    if !access::revoke_super_admin(&mut owner, user.user_id).await? {
        bail!("{email} is no administrator of the platform");
    }
    output::result(json, &json!({ "email": email }), &format!("{email} is no administrator of the platform any more."));
    Ok(())
}

fn normal(email: &str) -> anyhow::Result<String> {
    access::normal_email(email).ok_or_else(|| anyhow!("{email:?} is no e-mail address"))
}

async fn connect(args: &DatabaseArgs, command: &str) -> anyhow::Result<Database> {
    let database = Database::connect(args, command).await?;
    database.require_migrated().await?;
    Ok(database)
}
