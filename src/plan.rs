//! `capstan plan`

use std::collections::{BTreeSet, HashSet};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use capstan_domain::access;
use capstan_domain::audit::NewAudit;
use capstan_domain::quotas::{self, Plan, PlanChange, Unsynced, meter_of};
use capstan_domain::secrets::KeyRing;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Role;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::cells;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output::{self, table};
use crate::secret_keys::SecretArgs;
use crate::tenant;

/// Workspaces that are synced between two looks for more.
const SYNC_BITE: i32 = 100;
/// Quotas that there are whatever plans say.
const QUOTAS: [&str; 5] = ["executions_per_month", "email_sends_per_month", "workflows", "leads", quotas::SMS];
/// Connections to a cell while limits are brought there.
const CONNECTIONS_MAX: u32 = 1;

/// What to do with plans.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// List what plans there are.
    List(ListArgs),
    /// Show the plan of a workspace and the limits that hold.
    Show(ShowArgs),
    /// Give a workspace another plan, or limits of its own.
    Set(SetArgs),
    /// Bring limits to the cells that do not have them yet; after plans were changed, to all.
    Sync(SyncArgs),
}

/// Where plans are.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Whose plan.
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// Slug of the workspace.
    #[arg(long)]
    workspace: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What to change.
#[derive(Args, Debug)]
pub(crate) struct SetArgs {
    /// The plan; as it is if absent.
    plan: Option<String>,
    /// Slug of the workspace.
    #[arg(long)]
    workspace: String,
    /// A limit instead of the plan's, e.g. executions_per_month=5000, or workflows=none; all of them, as those of before go.
    #[arg(long = "limit", value_name = "QUOTA=UNITS", value_parser = parse_limit)]
    limits: Vec<(String, Option<u32>)>,
    /// Take limits of quotas that no plan has yet, too: workflows charge them with action.meter.
    #[arg(long)]
    new_quota: bool,
    /// Percent that are served beyond a limit; 0 is none.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(i32).range(0..=1_000))]
    buffer: Option<i32>,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What to bring.
#[derive(Args, Debug)]
pub(crate) struct SyncArgs {
    /// All of them, also those that cells have.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan plan …`.
pub(crate) async fn run(command: &PlanCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        PlanCommand::List(args) => list(&connect(&args.database, "plan list").await?, json).await?,
        PlanCommand::Show(args) => {
            let database = connect(&args.database, "plan show").await?;
            show(&database, &args.workspace, json).await?;
        }
        PlanCommand::Set(args) => set(args, json).await?,
        PlanCommand::Sync(args) => {
            let database = connect(&args.database, "plan sync").await?;
            if args.all {
                quotas::touch_all(&mut database.owner().await?).await?;
            }
            let synced = sync_all(&database, args.secrets.ring_or_empty()?.as_ref()).await?;
            output::result(
                json,
                &json!({ "synced": synced }),
                &format!("limits of {synced} workspaces brought to their cells"),
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails unless there is such a plan.
pub(crate) async fn require(owner: &mut PgConnection, plan: &str) -> anyhow::Result<()> {
    let plans = quotas::list_plans(owner).await?;
    if plans.iter().any(|one| one.plan == plan) {
        return Ok(());
    }
    let known = plans.into_iter().map(|one| one.plan).collect::<Vec<_>>().join(", ");
    bail!("there is no plan {plan:?}: choose one of {known}")
}

/// Gives a new workspace its first plan, and tells its cell.
pub(crate) async fn give(database: &Database, workspace: WorkspaceId, plan: &str) -> anyhow::Result<()> {
    let mut owner = database.owner().await?;
    quotas::give_plan(&mut owner, workspace, plan).await.context("the workspace has no plan yet, so no limits")?;
    // It is in a pooled cell, which no key leads to.
    sync(database, workspace, &KeyRing::empty()).await
}

async fn connect(args: &DatabaseArgs, command: &str) -> anyhow::Result<Database> {
    let database = Database::connect(args, command).await?;
    database.require_migrated().await?;
    Ok(database)
}

async fn list(database: &Database, json: bool) -> anyhow::Result<()> {
    let plans = quotas::list_plans(&mut database.owner().await?).await?;
    let rows: Vec<Value> = plans
        .iter()
        .map(|plan| {
            let buffer = format!("{} %", plan.buffer_percent);
            json!({ "plan": plan.plan, "name": plan.name, "limits": limits_text(&plan.limits), "buffer": buffer })
        })
        .collect();
    output::result(json, &json!({ "plans": plans }), &table::plain(&["plan", "name", "limits", "buffer"], &rows));
    Ok(())
}

async fn show(database: &Database, slug: &str, json: bool) -> anyhow::Result<()> {
    let mut owner = database.owner().await?;
    let workspace = find(database, slug).await?;
    let plan = quotas::plan_of(&mut owner, workspace).await?;
    let Some(plan) = plan else {
        output::result(json, &json!({ "workspace": slug, "plan": null }), &format!("{slug} has no plan, so no limits"));
        return Ok(());
    };
    let is_synced =
        if plan.synced_revision < plan.revision { "no: `capstan plan sync`, or a minute of `serve`" } else { "yes" };
    let row = json!({
        "plan": plan.plan, "limits": limits_text(&plan.limits), "buffer": format!("{} %", plan.buffer_percent),
        "in its cell": is_synced,
    });
    let text = table::plain(&["plan", "limits", "buffer", "in its cell"], std::slice::from_ref(&row));
    output::result(json, &json!({ "workspace": slug, "plan": plan }), &text);
    Ok(())
}

async fn set(args: &SetArgs, json: bool) -> anyhow::Result<()> {
    if args.plan.is_none() && args.limits.is_empty() && args.buffer.is_none() {
        bail!("nothing to change: name a plan, --limit or --buffer (`capstan plan list` shows the plans)");
    }
    let database = connect(&args.database, "plan set").await?;
    let workspace = find(&database, &args.workspace).await?;
    require_known(&quotas::list_plans(&mut database.owner().await?).await?, &args.limits, args.new_quota)?;
    let overrides: Map<String, Value> =
        args.limits.iter().map(|(quota, units)| (quota.clone(), json!(units))).collect();
    let overrides = (!overrides.is_empty()).then_some(Value::Object(overrides));
    let change = PlanChange { plan: args.plan.clone(), overrides, buffer_percent: args.buffer };
    change_plan(&database, workspace, &change, &args.workspace)
        .await
        .with_context(|| format!("the plan of {} was not changed", args.workspace))?;
    sync(&database, workspace, args.secrets.ring_or_empty()?.as_ref()).await?;
    show(&database, &args.workspace, json).await
}

async fn change_plan(
    database: &Database,
    workspace: WorkspaceId,
    change: &PlanChange,
    slug: &str,
) -> anyhow::Result<()> {
    let mut owner = database.owner().await?;
    let mut transaction = owner.begin().await?;
    let record = NewAudit {
        by_kind: "operator",
        by_id: Uuid::nil(),
        by_name: "command line",
        action: "capstan plan set",
        subject: slug,
        status: 200,
        address: None,
        request_id: "",
        changes: None,
    };
    quotas::change_plan(&mut transaction, workspace, change, record).await?;
    Ok(transaction.commit().await?)
}

/// Fails if a limit is of a quota that nothing counts: neither one of ours, nor one of any plan, nor one that may be new.
fn require_known(plans: &[Plan], limits: &[(String, Option<u32>)], takes_new: bool) -> anyhow::Result<()> {
    let of_plans = plans.iter().filter_map(|plan| plan.limits.as_object()).flatten().map(|(quota, _)| quota.as_str());
    let known: BTreeSet<&str> = QUOTAS.into_iter().chain(of_plans).collect();
    let is_known = |quota: &str| known.contains(quota) || (takes_new && quotas::is_custom(quota));
    let unknown = limits.iter().find(|(quota, _)| !is_known(quota));
    if let Some((quota, _)) = unknown {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        bail!(
            "nothing is counted under the name {quota:?}: --limit takes {known}, and with --new-quota any that workflows charge"
        );
    }
    Ok(())
}

async fn find(database: &Database, slug: &str) -> anyhow::Result<WorkspaceId> {
    let tenant = access::resolve_slug(&mut database.owner().await?, slug).await?;
    let tenant = tenant.ok_or_else(|| anyhow!("there is no workspace {slug:?}"))?;
    Ok(tenant.workspace_id)
}

async fn sync_all(database: &Database, keys: &KeyRing) -> anyhow::Result<usize> {
    let (mut all, mut failed) = (0, HashSet::new());
    loop {
        let bite = quotas::to_sync(&mut database.owner().await?, None, SYNC_BITE).await?;
        // Those that fail are behind all others.
        if bite.iter().all(|one| failed.contains(&one.workspace_id)) {
            break;
        }
        for one in bite {
            match sync_one(database, &one, keys).await {
                Ok(()) => all += 1,
                Err(error) => {
                    output::note(&format!("workspace {}: {error:#}", one.workspace_id));
                    quotas::mark_tried(&mut database.owner().await?, &one).await?;
                    failed.insert(one.workspace_id);
                }
            }
        }
    }
    match failed.len() {
        0 => Ok(all),
        failed => bail!("limits of {failed} workspaces could not be brought to their cells, those of {all} were"),
    }
}

/// Brings the limits of a workspace to its cell.
async fn sync(database: &Database, workspace: WorkspaceId, keys: &KeyRing) -> anyhow::Result<()> {
    let unsynced = quotas::to_sync(&mut database.owner().await?, Some(workspace), 1).await?;
    for one in &unsynced {
        sync_one(database, one, keys).await?;
    }
    Ok(())
}

/// Each side in a transaction of its own.
async fn sync_one(database: &Database, one: &Unsynced, keys: &KeyRing) -> anyhow::Result<()> {
    let place = cells::used(&database.control, &mut database.owner().await?, &one.cell, keys).await?;
    let pool = place.pool(Role::Api, CONNECTIONS_MAX);
    let mut transaction = tenant::begin(&pool, WorkspaceId(one.workspace_id)).await?;
    quotas::write_limits(&mut transaction, one).await?;
    transaction.commit().await?;
    quotas::mark_synced(&mut database.owner().await?, one).await?;
    Ok(())
}

fn limits_text(limits: &Value) -> String {
    let limits = limits.as_object().into_iter().flatten();
    let text = limits.map(|(quota, units)| format!("{quota} {units}")).collect::<Vec<_>>().join(", ");
    if text.is_empty() { "none".into() } else { text }
}

fn parse_limit(text: &str) -> Result<(String, Option<u32>), String> {
    let (quota, units) = text.split_once('=').ok_or("write QUOTA=UNITS, e.g. workflows=50")?;
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let good =
        (1..=50).contains(&quota.len()) && quota.bytes().all(is_word) && quota.as_bytes()[0].is_ascii_lowercase();
    if !good {
        return Err(format!("{quota:?} is no quota: write a-z, 0-9 and _, e.g. executions_per_month"));
    }
    // The short name of a quota is taken, too.
    let quota = quotas::quota_of(meter_of(quota)).to_owned();
    if units == "none" {
        return Ok((quota, None));
    }
    let units =
        units.parse().map_err(|_| format!("{units:?} is no number of units: write 0 to {}, or none", u32::MAX))?;
    Ok((quota, Some(units)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_that_nothing_counts_is_refused_with_those_there_are() {
        let limits = json!({ "seats": 5 });
        let plans = [Plan { plan: "own".into(), name: "Own".into(), limits, buffer_percent: 20 }];
        let refused =
            |quota: &str| require_known(&plans, &[(quota.to_owned(), Some(1))], false).err().map(|it| it.to_string());
        for known in ["workflows", "leads", "executions_per_month", "email_sends_per_month", "seats"] {
            assert_eq!(refused(known), None);
        }
        let told = refused("workflow").unwrap();
        assert!(told.contains("\"workflow\"") && told.contains("leads, seats, sms, workflows"), "{told}");
        let new = |quota: &str| require_known(&plans, &[(quota.to_owned(), Some(1))], true).is_ok();
        assert!(new("pages") && new("seats") && !new("emails"), "what is counted otherwise is none of one's own");
    }

    #[test]
    fn limits_are_written_as_quota_and_units() {
        assert_eq!(parse_limit("workflows=7"), Ok(("workflows".into(), Some(7))));
        assert_eq!(parse_limit("executions=none"), Ok(("executions_per_month".into(), None)));
        for wrong in ["", "=", "workflows", "workflows=", "workflows=-1", "Work=1", "9=1", "a b=1", "a=1.5"] {
            assert!(parse_limit(wrong).is_err(), "{wrong}");
        }
    }
}
