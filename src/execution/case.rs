//! `capstan execution case`

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use crate::client::{Client, ServerArgs};
use crate::document;
use crate::output::failure::BadInput;

/// Which execution becomes a case, and where.
#[derive(Args, Debug)]
pub(crate) struct CaseArgs {
    execution_id: String,
    /// What the case shows; it has to be another name than those of the other cases.
    #[arg(long)]
    name: Option<String>,
    /// The case file that it is put into, such as workflow.tests.json; made if absent. Without it the case is printed.
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// The answer, and what is said of it.
pub(super) async fn run(args: &CaseArgs) -> anyhow::Result<(Value, String)> {
    let mut told = Client::new(&args.server)?.get(&["executions", &args.execution_id, "case"], &[]).await?;
    if let Some(name) = &args.name {
        told["case"]["name"] = json!(name);
    }
    let mut words = match &args.into {
        Some(path) => {
            put(path, &told["case"])?;
            format!("a case was put into {}", path.display())
        }
        None => serde_json::to_string_pretty(&json!([told["case"]]))?,
    };
    if args.into.is_some() {
        if told["exact"] == false {
            words.push_str("\nit does not go quite as the execution did: compare its path");
        }
        if told["redacted"] == true {
            words.push_str("\nwhat seemed to be secret is left out: look for [redacted]");
        }
    }
    Ok((told, words))
}

/// Adds a case to a file, whole or not at all.
fn put(path: &Path, case: &Value) -> anyhow::Result<()> {
    let bad = |why: String| BadInput(format!("{} cannot take the case: {why}", path.display()));
    let mut cases = match path.try_exists().with_context(|| path.display().to_string())? {
        false => Vec::new(),
        true => match document::read(path).map_err(|problem| bad(problem.detail.clone()))? {
            Value::Array(cases) => cases,
            _ => return Err(bad("it is no list of cases: see docs/testing.md".into()).into()),
        },
    };
    if cases.iter().any(|other| other["name"] == case["name"]) {
        return Err(bad(format!("it has a case named {}: give --name", case["name"])).into());
    }
    cases.push(case.clone());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made = path.with_extension("json.new");
    let write = || {
        let mut file = std::fs::File::create(&made)?;
        file.write_all(serde_json::to_string_pretty(&cases)?.as_bytes())?;
        file.write_all(b"\n")?;
        std::fs::rename(&made, path)
    };
    write().with_context(|| format!("nothing can be written in {}", folder.display()))
}
