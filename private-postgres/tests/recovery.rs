//! What killed programs, killed servers and killed initdbs leave is cleared by the next start.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::process::{Command, Stdio};

use capstan_private_postgres::{Options, PrivatePostgres};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Holder, hold_if_asked, is_running, options, place, sql, until};

#[test]
fn holder() {
    hold_if_asked();
}

#[test]
fn committed_data_survives_a_killed_and_an_immediately_stopped_server() {
    let place = place();
    let mut postgres = PrivatePostgres::start(options(&place)).unwrap();
    let url = postgres.url("postgres");
    sql(&postgres, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");

    postgres.kill9().unwrap();
    postgres.restart().unwrap();
    sql(&postgres, "INSERT INTO kept VALUES (2)");

    postgres.stop_immediate().unwrap();
    postgres.restart().unwrap();
    sql(&postgres, "INSERT INTO kept VALUES (4)");

    // Killed behind the handle's back.
    kill(Pid::from_raw(postgres.pid().unwrap().cast_signed()), Signal::SIGKILL).unwrap();
    postgres.restart().unwrap();
    assert_eq!(sql(&postgres, "SELECT sum(n) FROM kept"), "7");
    assert_eq!(postgres.url("postgres"), url);
}

#[test]
fn a_busy_backend_of_a_killed_server_does_not_keep_the_next_one_out() {
    let place = place();
    let mut postgres = PrivatePostgres::start(options(&place)).unwrap();
    // Computes without ever looking whether its postmaster is still there.
    let mut psql = Command::new(postgres.installation().bin.join("psql"));
    let endless = "SELECT 'started'; SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";
    let mut psql =
        psql.args(["-XAtq", "-c", endless, &postgres.url("postgres")]).stdout(Stdio::null()).spawn().unwrap();
    until("the backend computes", || {
        sql(
            &postgres,
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT ''started%'",
        ) == "1"
    });

    postgres.kill9().unwrap();
    postgres.restart().unwrap();
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
    psql.wait().unwrap();
}

#[test]
fn a_killed_program_takes_its_server_along() {
    let place = place();
    let mut holder = Holder::start("holder", &options(&place).data_dir);
    assert!(is_running(holder.postmaster));
    holder.kill9();
    until("the guard has stopped the server", || !is_running(holder.postmaster));

    let postgres = PrivatePostgres::start(options(&place)).unwrap();
    assert_eq!(sql(&postgres, "SELECT pg_is_in_recovery()"), "f");
}

#[test]
fn a_server_that_outlived_its_program_is_replaced_at_the_next_start() {
    let place = place();
    let mut holder = Holder::start("holder", &options(&place).data_dir);
    kill_guard_of(holder.postmaster);
    holder.kill9();
    assert!(is_running(holder.postmaster));

    let postgres = PrivatePostgres::start(options(&place)).unwrap();
    assert!(!is_running(holder.postmaster));
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
}

#[test]
fn a_half_made_cluster_is_made_anew() {
    let place = place();
    let home = options(&place).data_dir;
    let half = home.join("cluster.making.1_0_0");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    fs::create_dir(home.join("cluster")).unwrap();

    let postgres = PrivatePostgres::start(options(&place)).unwrap();
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
    assert!(!half.exists());
}

#[test]
fn a_stale_pid_file_and_socket_of_before_a_reboot_do_no_harm() {
    let place = place();
    let mut postgres = PrivatePostgres::start(options(&place)).unwrap();
    let socket = postgres.socket_dir().to_owned();
    postgres.stop().unwrap();
    drop(postgres);
    // The number now belongs to this very test.
    let pid_file = format!("{}\n/x\n1\n5432\n{}\n\n  1  1\nready\n", std::process::id(), socket.display());
    fs::write(options(&place).data_dir.join("cluster/postmaster.pid"), &pid_file).unwrap();
    fs::create_dir_all(&socket).unwrap();
    fs::write(socket.join(".s.PGSQL.5432.lock"), &pid_file).unwrap();

    let postgres = PrivatePostgres::start(options(&place)).unwrap();
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
    drop(postgres);

    // The cleaning of temporary files takes the whole folder.
    fs::remove_dir_all(&socket).unwrap();
    let postgres = PrivatePostgres::start(options(&place)).unwrap();
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
}

#[test]
fn a_start_sweeps_the_throw_away_clusters_of_killed_programs_only() {
    let left = std::env::temp_dir().join(format!("capstan-pg-left-{}", std::process::id()));
    let mut holder = Holder::start("holder", &left);
    let swept_by = || PrivatePostgres::start(Options::throw_away().setting("shared_buffers", "16MB")).unwrap();
    drop(swept_by());
    assert!(left.exists() && is_running(holder.postmaster));

    kill_guard_of(holder.postmaster);
    holder.kill9();
    drop(swept_by());
    assert!(!left.exists() && !is_running(holder.postmaster));
}

/// Finds the guard by its arguments and kills it, so that only the next start can clear up.
fn kill_guard_of(postmaster: i32) {
    let wanted = format!("\0capstan-postgres-guard\0{postmaster}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_guard = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&wanted)
    };
    let guard = pids.into_iter().find(is_guard).unwrap();
    kill(Pid::from_raw(guard), Signal::SIGKILL).unwrap();
}
