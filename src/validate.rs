//! `capstan validate`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use capstan_engine::core::problem::Problem;
use capstan_node_types::registry::Registry;
use clap::Args;
use serde_json::Value;

use crate::document;
use crate::output::failure::BAD_INPUT;
use crate::output::table;
use crate::pack::Pack;

/// What to check.
#[derive(Args, Debug)]
pub(crate) struct ValidateArgs {
    /// Workflow file: a graph as JSON, with a pack.toml beside it if it needs one.
    file: PathBuf,
}

/// A valid workflow file with its pack.
pub(crate) struct Loaded {
    /// As in the file.
    pub(crate) document: Value,
    /// From beside it.
    pub(crate) pack: Pack,
}

/// Prints everything that is wrong with the file.
pub(crate) fn run(args: &ValidateArgs, json: bool) -> anyhow::Result<ExitCode> {
    let problems = load(&args.file, &Registry::standard()).err().unwrap_or_default();
    table::print(&args.file.display().to_string(), &problems, json);
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_INPUT) })
}

/// Reads and checks a workflow file with its pack; all problems if it cannot be run.
pub(crate) fn load(file: &Path, registry: &Registry) -> Result<Loaded, Vec<Problem>> {
    let read = || {
        let document = document::read(file)?;
        let pack = Pack::beside(file)?;
        let preview = pack.preview(&document)?;
        Ok((Loaded { document, pack }, preview))
    };
    let (loaded, preview) = read().map_err(|problem: Box<Problem>| vec![*problem])?;
    registry.compile(&preview)?;
    Ok(loaded)
}
