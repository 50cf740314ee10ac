//! What the process tells of itself: logs on standard error, as text or JSON; traces, where they are asked for.

mod export;
mod ids;
mod sampling;
mod settings;
mod traces;

use std::io::{self, IsTerminal};

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{LogArgs, LogFormat};

pub(crate) use traces::Traces;

/// What is logged where nobody chose: the product's own news, or for people only what went wrong.
const FILTER_SERVICE: &str = "warn,capstan=info";
const FILTER_PEOPLE: &str = "warn,sqlx=error";

/// Starts logging. `quietly`: the output is for people, who are told what happens in another way.
pub(crate) fn init(args: &LogArgs, quietly: bool) -> anyhow::Result<()> {
    let usual = if quietly { FILTER_PEOPLE } else { FILTER_SERVICE };
    let chosen = args.filter.as_deref().filter(|filter| !filter.trim().is_empty()).unwrap_or(usual);
    let filter = EnvFilter::try_new(chosen)
        .with_context(|| format!("CAPSTAN_LOG={chosen:?} is no log filter; write for example capstan=debug,warn"))?;
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match args.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}
