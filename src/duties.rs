//! `capstan duties`

use std::process::ExitCode;
use std::time::Duration;

use capstan_engine::store::connect::Role;
use capstan_engine::store::duties::{self, DutyRow};
use clap::Args;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::cells::{self, CellArgs, Seen};
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output::{self, table};

/// Dedicated cells that are looked into if none is named.
const DEDICATED_MAX: i64 = 100;
/// Cells that are looked into at a time, and longest look.
const AT_A_TIME: usize = 8;
const LOOK_MAX: Duration = Duration::from_secs(10);

/// Of which cell.
#[derive(Args, Debug)]
pub(crate) struct DutiesArgs {
    #[command(flatten)]
    cell: CellArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What one cell says of its duties, or why it says nothing.
struct Told {
    cell: String,
    workspace: Option<String>,
    rows: Result<Vec<DutyRow>, String>,
}

/// Runs `capstan duties`: says which duties of upkeep there are, and what came of them last. Fails if one failed, or a cell does not say.
pub(crate) async fn run(args: &DutiesArgs, json: bool) -> anyhow::Result<ExitCode> {
    let database = Database::connect(&args.database, "duties").await?;
    database.require_migrated().await?;
    let looks: Vec<_> = args.cell.seen(&database, DEDICATED_MAX).await?.into_iter().map(look).collect();
    let told: Vec<Told> = stream::iter(looks).buffered(AT_A_TIME).collect().await;
    let (mut all, mut unreachable, mut is_good) = (Vec::new(), Vec::new(), true);
    for Told { cell, workspace, rows } in told {
        match rows {
            Ok(rows) => {
                is_good &= rows.iter().all(|row| row.is_done != Some(false));
                all.extend(rows.iter().map(|row| of(&cell, workspace.as_deref(), json!(row))));
            }
            Err(reason) => {
                is_good = false;
                unreachable.push(of(&cell, workspace.as_deref(), json!({ "reason": reason })));
            }
        }
    }
    let text = words(&all, &unreachable);
    output::result(json, &json!({ "duties": all, "unreachable": unreachable }), &text);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn look(seen: Seen) -> Told {
    let Seen { cell, workspace, place } = seen;
    let looked = async {
        let rows = duties::list(&mut place?.connect(Role::Worker).await?).await?;
        Ok::<_, anyhow::Error>(rows)
    };
    let rows = match timeout(LOOK_MAX, looked).await {
        Ok(rows) => rows.map_err(|error| cells::cause(&error)),
        Err(_) => Err(format!("there was no answer within {} s", LOOK_MAX.as_secs())),
    };
    Told { cell, workspace, rows }
}

/// `row` with whose it is.
fn of(cell: &str, workspace: Option<&str>, mut row: Value) -> Value {
    row["cell"] = json!(cell);
    row["workspace"] = json!(workspace);
    row
}

fn words(all: &[Value], unreachable: &[Value]) -> String {
    let mut parts = Vec::new();
    if !all.is_empty() {
        let columns =
            ["cell", "workspace", "name", "holder", "leased_until", "last_ended_at", "next_due_at", "outcome"];
        parts.push(table::plain(&columns, all));
    }
    if !unreachable.is_empty() {
        parts.push("These cells cannot be looked into:".to_owned());
        parts.push(table::plain(&["cell", "workspace", "reason"], unreachable));
    }
    if parts.is_empty() {
        return "no worker has taken up a duty yet".to_owned();
    }
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_are_told_with_their_cells_and_cells_that_say_nothing_beside() {
        assert_eq!(words(&[], &[]), "no worker has taken up a duty yet");
        let duty = of("cell_1", None, json!({ "name": "tidying", "holder": "w", "outcome": "done" }));
        let away = of("capstan_1", Some("globex"), json!({ "reason": "there was no answer within 10 s" }));
        let said = words(&[duty], &[away]);
        for word in ["cell_1", "tidying", "done", "These cells cannot be looked into:", "globex", "within 10 s"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }

    #[tokio::test]
    async fn a_cell_that_cannot_be_reached_is_told_with_the_reason() {
        let seen = Seen { cell: "c".into(), workspace: None, place: Err(anyhow::anyhow!("nobody knows its server")) };
        let told = look(seen).await;
        assert_eq!((told.cell.as_str(), told.rows.err().as_deref()), ("c", Some("nobody knows its server")));
    }
}
