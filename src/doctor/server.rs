//! The server: version, promises, clock, connections, transactions, disk.

use capstan_engine::store::preflight::preflight;
use capstan_engine::store::vitals::{self, Server};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::finding::Findings;

/// Difference of the clocks from which on people read wrong times, and from which on keys and sessions may fail, in seconds.
const CLOCK_S: (f64, f64) = (1.0, 30.0);
/// Age of the oldest transaction from which on rows that are gone stay, and slow down the queue, in seconds.
const TRANSACTION_S: (f64, f64) = (600.0, 6.0 * 3_600.0);
/// Connections that a restart of one `serve` and one `worker` beside the old ones needs.
const CONNECTIONS_FREE_MIN: i64 = 60;
/// Transactions without freezing: the server stops at two thousand million.
const XID_AGE_WARN: i32 = 1_000_000_000;
const XID_AGE_FAIL: i32 = 1_800_000_000;
/// Log that an unused replication slot may hold.
const SLOT_BYTES_MAX: i64 = 10 << 30;

/// Asks it, with the rights of the login.
pub(super) async fn look(owner: &mut PgConnection, found: &mut Findings) {
    match preflight(owner).await {
        Ok(()) => {}
        Err(error) => found.fail("server", error, "see docs/operation.md on the settings of the server"),
    }
    let before = Utc::now();
    match vitals::server(owner).await {
        Ok(server) => judge(&server, before, Utc::now(), found),
        Err(error) => {
            found.fail("server", error, "run this with the login of DATABASE_URL, directly or by a session pool")
        }
    }
}

fn judge(server: &Server, before: DateTime<Utc>, after: DateTime<Utc>, found: &mut Findings) {
    if server.in_recovery {
        found.fail("server", "it is a standby and only reads", "let DATABASE_URL name the primary");
    } else {
        found.ok("server", format!("PostgreSQL {}", server.version));
    }
    // Between both looks at the own clock there is a moment with the time of the server, if the clocks agree.
    let ahead = (server.now - after).max(before - server.now).max(chrono::TimeDelta::zero());
    let seconds = ahead.to_std().unwrap_or_default().as_secs_f64();
    found.measured("clock", "difference to this machine", Some(seconds), CLOCK_S, "let both keep time with NTP");
    judge_room(server, found);
    let hint = "find it in pg_stat_activity (xact_start) and end it, or set idle_in_transaction_session_timeout";
    found.measured("transactions", "the oldest one", server.oldest_transaction_s, TRANSACTION_S, hint);
    let (age, hint) = (server.xid_age, "let autovacuum run: is it off, or held up by an old transaction or a slot?");
    let detail = format!("{age} transactions are not frozen");
    match age {
        XID_AGE_FAIL.. => found.fail("vacuum", detail, hint),
        XID_AGE_WARN.. => found.warn("vacuum", detail, hint),
        _ => found.ok("vacuum", detail),
    }
}

fn judge_room(server: &Server, found: &mut Findings) {
    let free = i64::from(server.connections_max) - server.connections;
    let detail = format!("{} of {} are in use", server.connections, server.connections_max);
    if free < CONNECTIONS_FREE_MIN {
        let hint = "raise max_connections, or let API processes share connections with PgBouncer (docs/deployment.md)";
        found.warn("connections", detail, hint);
    } else {
        found.ok("connections", detail);
    }
    let detail = format!("the database has {} MiB", server.database_bytes >> 20);
    match server.idle_slot_bytes {
        Some(kept) if kept > SLOT_BYTES_MAX => {
            let hint = "drop the replication slot that nobody uses (pg_replication_slots)";
            found.warn("disk", format!("{detail}; an unused slot keeps {} MiB of log", kept >> 20), hint);
        }
        _ => found.ok("disk", detail),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    fn server() -> Server {
        Server {
            version: "17.6".into(),
            now: Utc::now(),
            in_recovery: false,
            connections_max: 197,
            connections: 20,
            database_bytes: 1 << 30,
            xid_age: 1_000,
            oldest_transaction_s: Some(0.1),
            idle_slot_bytes: None,
            login_is_superuser: false,
            login_bypasses_rls: false,
            login_makes_databases: false,
        }
    }

    fn judged(change: impl FnOnce(&mut Server)) -> State {
        let (mut server, now, mut found) = (server(), Utc::now(), Findings::default());
        server.now = now;
        change(&mut server);
        judge(&server, now, now, &mut found);
        found.worst()
    }

    #[test]
    fn what_is_out_of_its_bounds_is_told() {
        assert_eq!(judged(|_| ()), State::Ok);
        assert_eq!(judged(|server| server.now += chrono::TimeDelta::seconds(2)), State::Warn);
        assert_eq!(judged(|server| server.now -= chrono::TimeDelta::seconds(31)), State::Fail);
        assert_eq!(judged(|server| server.in_recovery = true), State::Fail);
        assert_eq!(judged(|server| server.connections = 150), State::Warn);
        assert_eq!(judged(|server| server.oldest_transaction_s = Some(601.0)), State::Warn);
        assert_eq!(judged(|server| server.xid_age = XID_AGE_FAIL), State::Fail);
        assert_eq!(judged(|server| server.idle_slot_bytes = Some(SLOT_BYTES_MAX + 1)), State::Warn);
    }
}
