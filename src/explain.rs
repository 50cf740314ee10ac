//! `capstan explain`

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::client::{Client, ServerArgs};
use crate::output::{self, printable};

/// Which execution.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The execution's id.
    execution_id: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `capstan explain`: says what an execution waits for.
pub(crate) async fn run(args: &ExplainArgs, json: bool) -> anyhow::Result<ExitCode> {
    let told = Client::new(&args.server)?.get(&["executions", &args.execution_id, "explain"], &[]).await?;
    output::result(json, &told, &words(&told));
    Ok(ExitCode::SUCCESS)
}

fn words(told: &Value) -> String {
    let text = |value: &Value| printable(value.as_str().unwrap_or_default());
    let mut lines = vec![format!("execution {} is {}", text(&told["id"]), text(&told["status"]))];
    let reasons = told["reasons"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.extend(reasons.iter().map(|reason| format!("  {}", text(&reason["text"]))));
    if let Some(number) = told["held_by"]["worker_no"].as_i64() {
        lines.push(format!("  worker {number} has it since {}", text(&told["held_by"]["claimed_at"])));
    }
    lines.join("\n")
}
