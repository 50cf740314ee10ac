//! `capstan code-runner`: what a worker starts for each run of `action.code`.

use std::process::ExitCode;

use capstan_node_types::code_runner::serve;

/// How a worker asks for it.
const NAME: &str = "code-runner";

/// Whether this process was started for that. It is looked at before anything else: the process should have done
/// nothing.
pub(crate) fn is_asked_for() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == NAME)
}

/// Serves one run. Its worker learns from the missing answer that something was wrong; nobody else listens.
pub(crate) fn run() -> ExitCode {
    if serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
