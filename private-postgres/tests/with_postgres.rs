//! The program that gives a server to a command.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::until;

const VARIABLE: &str = "CAPSTAN_TEST_POSTGRES_URL";

fn with_postgres(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-postgres"));
    command.args(["--", "sh", "-c", script]).env_remove(VARIABLE);
    command
}

/// Starts it with a command that stays until it is ended.
struct Staying {
    program: Child,
    command: Pid,
    home: PathBuf,
}

fn staying() -> Staying {
    let mut command = with_postgres(&format!("echo $$ ${VARIABLE}; exec tail -f /dev/null >/dev/null"));
    let mut program = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (command, url) = line.trim().split_once(' ').unwrap();
    let socket = url.split_once("host=").unwrap().1.split('&').next().unwrap().replace("%2F", "/");
    let home = Path::new(&socket).parent().unwrap().to_owned();
    assert!(home.exists());
    Staying { program, command: Pid::from_raw(command.parse().unwrap()), home }
}

#[test]
fn the_command_has_a_server_and_its_exit_code_is_passed_on() {
    let bin = capstan_private_postgres::Installation::newest().unwrap().bin;
    let script = format!("{}/psql -XAtqc 'SELECT 41 + 1' \"${VARIABLE}\"; exit 7", bin.display());
    let output = with_postgres(&script).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "42\n");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_server_that_is_given_is_used() {
    let output = with_postgres(&format!("echo ${VARIABLE}")).env(VARIABLE, "postgres://given").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "postgres://given\n");
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-postgres"));
    let output = command.arg("/no/such/command").env(VARIABLE, "postgres://given").output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot run /no/such/command"));
}

#[test]
fn a_termination_reaches_the_command_and_then_the_server_is_cleared_away() {
    let mut staying = staying();
    kill(Pid::from_raw(staying.program.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(staying.program.wait().unwrap().code(), Some(128 + 15));
    assert!(!staying.home.exists());
}

#[test]
fn even_a_kill_leaves_no_server() {
    let mut staying = staying();
    staying.program.kill().unwrap();
    staying.program.wait().unwrap();
    until("the guard has removed the home", || !staying.home.exists());
    kill(staying.command, Signal::SIGKILL).unwrap();
}
