//! `capstan execution`

mod case;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{Client, ServerArgs};
use crate::output::table::plain;
use crate::output::{self, printable};

/// What to do with executions.
#[derive(Debug, Subcommand)]
pub(crate) enum ExecutionCommand {
    /// List them, newest first.
    List(ListArgs),
    /// Undo what there is to undo, run what runs at last, and end.
    Cancel(CancelArgs),
    /// Begin a new execution with what one that has ended had done.
    Restart(RestartArgs),
    /// Have one that stands still go on with another version of its workflow, if that fits.
    Migrate(MigrateArgs),
    /// Write a case for `capstan test` from one that has ended.
    Case(case::CaseArgs),
}

/// Which executions.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Only those of this workflow.
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// How many, at most.
    #[arg(long, default_value_t = 20)]
    limit: u16,
    /// Go on where the last page ended: its `next_cursor`.
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Which execution is cancelled, and how.
#[derive(Args, Debug)]
pub(crate) struct CancelArgs {
    execution_id: String,
    /// Why; it is kept.
    #[arg(long)]
    reason: Option<String>,
    /// End at once: undo nothing, and run nothing at last.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Which execution is restarted, and where.
#[derive(Args, Debug)]
pub(crate) struct RestartArgs {
    execution_id: String,
    /// The node that runs again, with all that lies behind it.
    #[arg(long, value_name = "NODE")]
    from: String,
    /// The version of the new execution; that of the old one if absent.
    #[arg(long, value_name = "ID")]
    on_version: Option<String>,
    /// Only tell what would be kept and what would run again.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Which execution goes on with which version.
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    execution_id: String,
    /// The version; the newest one if absent.
    #[arg(long, value_name = "ID")]
    to: Option<String>,
    /// Why; it is kept.
    #[arg(long)]
    reason: Option<String>,
    /// Only tell whether it fits, and why not.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `capstan execution …`.
pub(crate) async fn run(command: &ExecutionCommand, json: bool) -> anyhow::Result<ExitCode> {
    let (answer, words) = match command {
        ExecutionCommand::List(args) => list(args).await?,
        ExecutionCommand::Cancel(args) => cancel(args).await?,
        ExecutionCommand::Restart(args) => restart(args).await?,
        ExecutionCommand::Migrate(args) => migrate(args).await?,
        ExecutionCommand::Case(args) => case::run(args).await?,
    };
    output::result(json, &answer, &words);
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &ListArgs) -> anyhow::Result<(Value, String)> {
    let limit = args.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(args.workflow.iter().map(|id| ("workflow_id", id.as_str())));
    query.extend(args.cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
    let page = Client::new(&args.server)?.get(&["executions"], &query).await?;
    let mut items = page["items"].as_array().cloned().unwrap_or_default();
    for item in &mut items {
        if item["ending"]["outcome"] == json!("cancelled") {
            item["status"] = json!(format!("{}, is being cancelled", item["status"].as_str().unwrap_or_default()));
        }
    }
    let mut words = plain(&["id", "status", "created_at", "workflow_id"], &items);
    if let Some(cursor) = page["next_cursor"].as_str() {
        words.push_str(&format!("\nthere are more: --cursor {}", printable(cursor)));
    }
    Ok((page, words))
}

async fn cancel(args: &CancelArgs) -> anyhow::Result<(Value, String)> {
    let id = args.execution_id.as_str();
    let mut body = json!({ "force": args.force });
    if let Some(reason) = &args.reason {
        body["reason"] = json!(reason);
    }
    let answer = Client::new(&args.server)?.post(&["executions", id, "cancel"], &body).await?;
    Ok((answer, format!("execution {id} is told to end; `capstan explain {id}` says how far it is")))
}

async fn restart(args: &RestartArgs) -> anyhow::Result<(Value, String)> {
    let mut body = json!({ "from": args.from, "dry_run": args.dry_run });
    if let Some(version) = &args.on_version {
        body["version_id"] = json!(version);
    }
    let planned = Client::new(&args.server)?.post(&["executions", &args.execution_id, "restart"], &body).await?;
    let begun = match planned["id"].as_str() {
        Some(id) => format!("execution {} goes on with it", printable(id)),
        None => "nothing was started".to_owned(),
    };
    let parts = [
        ("kept", "kept"),
        ("changed", "of that, another one now"),
        ("redone", "runs again"),
        ("repeated_effects", "effects that may happen again"),
        ("new", "may run for the first time"),
        ("dropped", "begun, but not in that version"),
    ];
    let told = parts.iter().map(|(field, said)| format!("  {said}: {}", nodes(&planned[field])));
    let words = std::iter::once(begun).chain(told).collect::<Vec<_>>().join("\n");
    Ok((planned, words))
}

async fn migrate(args: &MigrateArgs) -> anyhow::Result<(Value, String)> {
    let id = args.execution_id.as_str();
    let ask = async |dry_run: bool| {
        let body = json!({ "version_id": args.to, "reason": args.reason, "dry_run": dry_run });
        Client::new(&args.server)?.post(&["executions", id, "migrate"], &body).await
    };
    // The plan first: what does not fit is told with all its reasons.
    let planned = ask(true).await?;
    let version = printable(planned["version_id"].as_str().unwrap_or_default());
    if planned["fits"] != json!(true) {
        let reasons = planned["reasons"].as_array().into_iter().flatten();
        let told = reasons.map(|reason| {
            let node = reason["node_id"].as_str().unwrap_or("the execution");
            format!("  {}: {}", printable(node), printable(reason["text"].as_str().unwrap_or_default()))
        });
        let first = std::iter::once(format!("version {version} does not fit; nothing was changed"));
        return Ok((planned.clone(), first.chain(told).collect::<Vec<_>>().join("\n")));
    }
    if args.dry_run {
        return Ok((planned, format!("version {version} fits; nothing was changed")));
    }
    Ok((ask(false).await?, format!("execution {id} goes on with version {version}")))
}

fn nodes(ids: &Value) -> String {
    let ids: Vec<&str> = ids.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.is_empty() { "none".into() } else { printable(&ids.join(", ")) }
}
