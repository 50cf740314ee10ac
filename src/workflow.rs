//! `capstan workflow`

mod files;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::client::{Client, ServerArgs};
use crate::output::failure::BadInput;
use crate::output::{self, note, printable};

/// Workflows of a page of the list.
const PAGE: &str = "100";

/// What to do with workflows as files.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowCommand {
    /// Write drafts as files, without secrets.
    Export(ExportArgs),
    /// Have files become drafts, without losing what was changed meanwhile.
    Import(ImportArgs),
}

/// Which workflows go where.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Which ones; all if none is named.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// The folder of the files, made if absent. Without it the one that is named is printed.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Which files come in, and how.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// Files, or folders with files that end in .json.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// What is done where both a file and the draft on the server have changed.
    #[arg(long, value_enum, default_value_t)]
    on_conflict: OnConflict,
    /// Only tell what would become of them.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum OnConflict {
    /// Tell it, and write nothing.
    #[default]
    Report,
    /// Have the draft become what the file has.
    Overwrite,
    /// Make the file a workflow of its own.
    Copy,
}

impl OnConflict {
    const fn word(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Overwrite => "overwrite",
            Self::Copy => "copy",
        }
    }
}

/// Runs `capstan workflow …`.
pub(crate) async fn run(command: &WorkflowCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        WorkflowCommand::Export(args) => export(args, json).await,
        WorkflowCommand::Import(args) => import(args, json).await,
    }
}

async fn export(args: &ExportArgs, json: bool) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.server)?;
    let Some(folder) = &args.to else {
        let [id] = args.ids.as_slice() else {
            return Err(BadInput("say where the files go: give --to FOLDER, or name one workflow".into()).into());
        };
        let file = client.get(&["workflows", id, "export"], &[]).await?;
        output::result(json, &file, &serde_json::to_string_pretty(&file)?);
        return Ok(ExitCode::SUCCESS);
    };
    let ids = if args.ids.is_empty() { all(&client).await? } else { args.ids.clone() };
    files::make_folder(folder)?;
    let mut written = Vec::new();
    for (no, id) in ids.iter().enumerate() {
        let file = client.get(&["workflows", id, "export"], &[]).await?;
        let path = files::write(folder, &file)?;
        if !json {
            note(&format!("{} of {}: {}", no + 1, ids.len(), path.display()));
        }
        written.push(json!({ "id": file["workflow"]["id"], "file": path.display().to_string() }));
    }
    let count = written.len();
    let words = format!("{count} workflow{} in {}", if count == 1 { "" } else { "s" }, folder.display());
    output::result(json, &json!({ "workflows": written }), &words);
    Ok(ExitCode::SUCCESS)
}

/// The ids of all workflows of the workspace.
async fn all(client: &Client) -> anyhow::Result<Vec<String>> {
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("limit", PAGE)];
        query.extend(cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
        let page = client.get(&["workflows"], &query).await?;
        let items = page["items"].as_array().into_iter().flatten();
        ids.extend(items.filter_map(|item| item["id"].as_str().map(str::to_owned)));
        match page["next_cursor"].as_str() {
            Some(next) if cursor.as_deref() != Some(next) => cursor = Some(next.to_owned()),
            _ => return Ok(ids),
        }
    }
}

/// One file after the other: what cannot come in stops no other one, and the exit code tells.
async fn import(args: &ImportArgs, json: bool) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.server)?;
    let paths = files::found(&args.paths)?;
    let (mut items, mut seen): (Vec<Value>, HashMap<String, PathBuf>) = (Vec::new(), HashMap::new());
    for (no, path) in paths.iter().enumerate() {
        let file = files::read(path).and_then(|file| first_of_its_id(&mut seen, path, file));
        let mut item = match file {
            Ok(file) => import_one(&client, args, &file).await?,
            Err(reason) => json!({ "result": "refused", "detail": reason }),
        };
        item["file"] = path.display().to_string().into();
        if !json {
            note(&format!("{} of {}: {}", no + 1, paths.len(), told(&path.display().to_string(), &item)));
        }
        items.push(item);
    }
    let has_failed =
        |item: &&Value| ["refused", "conflict", "deleted", "no_room"].iter().any(|it| item["result"] == *it);
    let failed = items.iter().filter(has_failed).count();
    let words = match failed {
        0 if args.dry_run => "all of them can come in".to_owned(),
        0 => "all of them are in".to_owned(),
        failed => format!("{failed} of {} did not come in: see above what to do", items.len()),
    };
    output::result(json, &json!({ "dry_run": args.dry_run, "items": items }), &words);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The file, unless another one was the same workflow, as one that was exported before it was renamed: each would undo the other.
fn first_of_its_id(seen: &mut HashMap<String, PathBuf>, path: &Path, file: Value) -> Result<Value, String> {
    let Some(id) = file["workflow"]["id"].as_str() else { return Ok(file) };
    match seen.insert(id.to_owned(), path.to_owned()) {
        Some(other) => Err(format!("{} is the same workflow: keep one of them", other.display())),
        None => Ok(file),
    }
}

async fn import_one(client: &Client, args: &ImportArgs, file: &Value) -> anyhow::Result<Value> {
    let wish = json!({ "workflows": [file], "on_conflict": args.on_conflict.word(), "dry_run": args.dry_run });
    match client.post(&["workflows", "import"], &wish).await {
        Ok(mut answer) => Ok(answer["items"][0].take()),
        // The file is refused, and another one may not be; that nobody answers stops all of them.
        Err(error) if error.is::<BadInput>() => Ok(json!({ "result": "refused", "detail": error.to_string() })),
        Err(error) => Err(error),
    }
}

/// What became of a file, in a line.
fn told(file: &str, item: &Value) -> String {
    let result = item["result"].as_str().unwrap_or_default();
    let mut line = format!("{file}: {}", result.replace('_', " "));
    let why = match result {
        "conflict" => "the draft was changed since: look at both, or give --on-conflict overwrite or copy",
        "deleted" => "the workflow was deleted there: restore it first",
        "no_room" => "the plan allows no more workflows",
        _ => item["detail"].as_str().unwrap_or_default(),
    };
    if !why.is_empty() {
        line.push_str(&format!(" ({})", printable(why)));
    }
    let left_out = item["left_out"].as_array().map_or(0, Vec::len);
    if left_out > 0 {
        line.push_str(&format!("; {left_out} to be filled in, where it says [redacted]"));
    }
    let problems = item["problems"].as_array().map_or(0, Vec::len);
    if problems > 0 {
        line.push_str(&format!("; the graph has problems: {problems}"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_files_of_one_workflow_only_the_first_comes_in() {
        let mut seen = HashMap::new();
        let mut is_first = |path: &str, id: Value| {
            first_of_its_id(&mut seen, Path::new(path), json!({ "workflow": { "id": id } })).is_ok()
        };
        assert!(is_first("a", json!("1")) && is_first("b", json!("2")));
        assert!(is_first("new", Value::Null) && is_first("another", Value::Null));
        assert!(!is_first("c", json!("1")));
    }

    #[test]
    fn a_line_says_what_became_of_a_file_and_what_to_do() {
        for (item, expected) in [
            (json!({ "result": "updated", "left_out": [], "problems": [] }), "a.json: updated"),
            (
                json!({ "result": "created", "left_out": ["/x"] }),
                "a.json: created; 1 to be filled in, where it says [redacted]",
            ),
            (json!({ "result": "refused", "detail": "no JSON" }), "a.json: refused (no JSON)"),
            (
                json!({ "result": "no_room", "problems": [1] }),
                "a.json: no room (the plan allows no more workflows); the graph has problems: 1",
            ),
        ] {
            assert_eq!(told("a.json", &item), expected);
        }
    }
}
