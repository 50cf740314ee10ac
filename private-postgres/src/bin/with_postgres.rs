//! `with-postgres COMMAND …`: runs a command with a throw-away PostgreSQL server, whose URL is in
//! `CAPSTAN_TEST_POSTGRES_URL`, and exits as the command does. If that variable is set already, the command is run
//! with it as it is. Where nobody has said how many tests run at a time (`RUST_TEST_THREADS`), a few more do than there are
//! processors: they wait for the server most of their time. Interrupts and terminations are passed on to the command; then the server is cleared away.

use std::ffi::{OsStr, OsString};
use std::num::NonZero;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};
use std::thread::available_parallelism;

use capstan_private_postgres::testing::SERVER_VARIABLE;
use capstan_private_postgres::{Options, PrivatePostgres};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// As shells report a command that cannot be run, or a mistake in calling this one.
const EXIT_CANNOT_RUN: u8 = 127;
const EXIT_USAGE: u8 = 2;
/// A command ended by signal N is reported as 128 + N.
const EXIT_SIGNAL_BASE: u8 = 128;
/// As the harness of tests reads it.
const THREADS_VARIABLE: &str = "RUST_TEST_THREADS";
/// Tests at a time for each processor.
const TESTS_PER_PROCESSOR: usize = 3;
/// Above it there is one for each processor: the server has connections for so many.
const TESTS_MAX: usize = 8;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    arguments.next_if(|first| first == "--");
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-postgres COMMAND [ARGUMENT …]");
        return ExitCode::from(EXIT_USAGE);
    };
    match run(program, arguments.collect()) {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("with-postgres: {message}");
            ExitCode::from(EXIT_CANNOT_RUN)
        }
    }
}

fn run(program: OsString, arguments: Vec<OsString>) -> Result<u8, String> {
    let is_set = std::env::var_os(SERVER_VARIABLE).is_some_and(|url| !url.is_empty());
    let postgres = (!is_set).then(|| PrivatePostgres::start(Options::throw_away_in_memory())).transpose();
    let postgres = postgres.map_err(|error| error.to_string())?;
    let mut command = Command::new(&program);
    command.args(arguments);
    if let Some(postgres) = &postgres {
        command.env(SERVER_VARIABLE, postgres.url("postgres"));
    }
    if std::env::var_os(THREADS_VARIABLE).is_none() {
        let processors = available_parallelism().map_or(1, NonZero::get);
        command.env(THREADS_VARIABLE, tests_at_a_time(processors).to_string());
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot wait for a command: {error}"))?;
    runtime.block_on(run_forwarding(command, &program))
}

fn tests_at_a_time(processors: usize) -> usize {
    processors.max(TESTS_MAX.min(processors * TESTS_PER_PROCESSOR))
}

/// Signals are heard before there is a command that they could miss: it does not inherit that. An earlier one may end this
/// program at once, since the guard of the server clears up then.
async fn run_forwarding(mut command: Command, program: &OsStr) -> Result<u8, String> {
    let hear = |kind| signal(kind).map_err(|error| format!("cannot hear signals: {error}"));
    let (mut interrupt, mut terminate, mut hang_up) =
        (hear(SignalKind::interrupt())?, hear(SignalKind::terminate())?, hear(SignalKind::hangup())?);
    let mut child = command.spawn().map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    loop {
        let told = tokio::select! {
            status = child.wait() => {
                return status.map(exit_code).map_err(|error| format!("cannot wait for the command: {error}"));
            }
            _ = interrupt.recv() => Signal::SIGINT,
            _ = terminate.recv() => Signal::SIGTERM,
            _ = hang_up.recv() => Signal::SIGHUP,
        };
        if let Some(pid) = child.id() {
            // Fails only when the command has ended already.
            let _ = kill(Pid::from_raw(pid.cast_signed()), told);
        }
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    code.unwrap_or_else(|| EXIT_SIGNAL_BASE.saturating_add(signal.unwrap_or(0)))
}
