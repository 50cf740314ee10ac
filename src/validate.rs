//! `capstan validate`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use capstan_engine::core::graph::Graph;
use capstan_engine::core::problem::Problem;
use capstan_engine::core::prove::prove;
use capstan_node_types::registry::Registry;
use clap::Args;
use serde_json::Value;

use crate::document;
use crate::output::failure::BAD_INPUT;
use crate::output::{proof, table};
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
    /// As it would be run, but for what the pack starts.
    pub(crate) graph: Graph,
    /// The other workflows of the pack, with their names.
    pub(crate) others: Vec<(String, Value)>,
}

/// Prints everything that is wrong with the file, and what else is found out about its graph.
pub(crate) fn run(args: &ValidateArgs, json: bool) -> anyhow::Result<ExitCode> {
    let registry = Registry::standard();
    let file = args.file.display().to_string();
    match load(&args.file, &registry) {
        Err(problems) => {
            table::print(&file, &problems, json);
            Ok(ExitCode::from(BAD_INPUT))
        }
        Ok(loaded) => {
            proof::print(&file, &prove(&loaded.graph, &registry).with_document(&loaded.document), json);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Reads and checks a workflow file with its pack; all problems if it cannot be run.
pub(crate) fn load(file: &Path, registry: &Registry) -> Result<Loaded, Vec<Problem>> {
    let read = || {
        let document = document::read(file)?;
        let pack = Pack::beside(file)?;
        let preview = pack.preview(&document)?;
        let others = others(file, &pack)?;
        Ok((document, pack, preview, others))
    };
    let (document, pack, preview, others) = read().map_err(|problem: Box<Problem>| vec![*problem])?;
    let graph = registry.compile(&preview)?;
    for (_, other) in &others {
        registry.compile(other)?;
    }
    Ok(Loaded { document, pack, graph, others })
}

fn others(file: &Path, pack: &Pack) -> Result<Vec<(String, Value)>, Box<Problem>> {
    let read = |(name, path): (&String, &String)| Ok((name.clone(), document::read(&file.with_file_name(path))?));
    pack.workflows.iter().map(read).collect()
}
