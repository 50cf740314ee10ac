//! Bugs that are planted to show that the checker finds them: in the functions of a run's own database, or in processes
//! of the build with `faults`.

use anyhow::Context;
use sqlx::PgConnection;

use crate::rates::Rates;
use crate::trace::INVARIANT as MODEL;

/// A bug, and where it is planted.
#[derive(Debug)]
pub struct Bug {
    /// Its name; where processes have it, it is theirs too.
    pub name: &'static str,
    /// What is changed in functions of the database.
    patches: &'static [Patch],
    /// Whether processes are told to have it.
    pub(crate) in_processes: bool,
    /// The faults that bring it out.
    pub(crate) rates: Rates,
    /// The invariants that it may break: what else is violated does not show it.
    pub(crate) breaks: &'static [u8],
}

/// A text in a function that is replaced by another one.
#[derive(Debug)]
struct Patch {
    function: &'static str,
    from: &'static str,
    to: &'static str,
}

/// Some of what a general plan has.
const GENERAL: Rates = Rates { kills: 12.0, crashes: 4.0, ..Rates::NONE };
const FROZEN: Rates = Rates { freezes: 20.0, ..Rates::NONE };
const HALF_REAPED: Rates = Rates { half_reaped: 20.0, ..Rates::NONE };
const LOST_REPLIES: Rates = Rates { lost_replies: 60.0, ..Rates::NONE };

/// No commit of a reaped worker is refused.
const ANY_WORKER: Patch = Patch {
    function: "commit_2",
    from: "RAISE EXCEPTION 'worker % is fenced', p_worker USING ERRCODE = 'CAP01';",
    to: "NULL;",
};
const ANY_LEASE: Patch =
    Patch { function: "commit_2", from: "IF v_held < cardinality(x_ids) THEN", to: "IF false THEN" };
/// What was true before the lock was waited for is believed after it.
const LOCK_LATER: Patch = Patch {
    function: "commit_2",
    from: "PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema() || '#worker'), p_worker);",
    to: "",
};
const CHECK_WITH_LOCK: Patch = Patch {
    function: "commit_2",
    from: "FROM leases l\n   WHERE l.execution_id = ANY (x_ids) AND l.worker_no = p_worker",
    to: "FROM (SELECT pg_advisory_xact_lock_shared(hashtext(current_schema() || '#worker'), p_worker) OFFSET 0) AS locked, \
         leases l WHERE l.execution_id = ANY (x_ids) AND l.worker_no = p_worker",
};
const PARK_ANYWAY: Patch =
    Patch { function: "commit_2", from: "AND (NOT l.woken OR l.execution_id = ANY (v_ends))", to: "" };
const NO_LOCK: Patch =
    Patch { function: "reap_3", from: "PERFORM pg_advisory_xact_lock(worker_lock_1(), p_worker);", to: "" };
/// One timer in sixteen wakes nobody.
const DROP: Patch = Patch {
    function: "fire_timers_1",
    from: "false FROM fired;",
    to: "false FROM fired WHERE get_byte(uuid_send(fired.execution_id), 15) % 16 > 0;",
};

/// All of them.
pub const BUGS: [Bug; 12] = [
    Bug::in_processes("acknowledge-early", GENERAL, &[1, 2]),
    Bug::in_sql("skip-fence", &[ANY_WORKER, ANY_LEASE], FROZEN, &[6, 7, MODEL]),
    Bug::in_sql("check-with-lock", &[LOCK_LATER, CHECK_WITH_LOCK], HALF_REAPED, &[6, 7, MODEL]),
    Bug::in_sql("ignore-woken", &[PARK_ANYWAY], GENERAL, &[7, MODEL]),
    Bug::in_sql("reap-without-lock", &[NO_LOCK], HALF_REAPED, &[6, 7, MODEL]),
    Bug::in_processes("new-lease-number", LOST_REPLIES, &[7, MODEL]),
    Bug::in_processes("new-key", GENERAL, &[5]),
    Bug::in_processes("early-timer", GENERAL, &[8]),
    Bug::in_processes("wait-is-attempt", GENERAL, &[5]),
    Bug::in_processes("early-effect", GENERAL, &[4]),
    Bug { in_processes: true, ..Bug::in_sql("resume-reaped", &[ANY_LEASE], HALF_REAPED, &[6, 7, MODEL]) },
    Bug::in_sql("drop-token", &[DROP], GENERAL, &[7]),
];

impl Bug {
    /// The bug of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        BUGS.iter().find(|bug| bug.name == name)
    }

    const fn in_processes(name: &'static str, rates: Rates, breaks: &'static [u8]) -> Self {
        Self { name, patches: &[], in_processes: true, rates, breaks }
    }

    const fn in_sql(name: &'static str, patches: &'static [Patch], rates: Rates, breaks: &'static [u8]) -> Self {
        Self { name, patches, in_processes: false, rates, breaks }
    }

    /// Changes the functions of the cell that `connection` looks at.
    pub(crate) async fn plant(&self, connection: &mut PgConnection) -> anyhow::Result<()> {
        for Patch { function, from, to } in self.patches {
            let sql: String = sqlx::query_scalar("SELECT pg_get_functiondef($1::regproc)")
                .bind(function)
                .fetch_one(&mut *connection)
                .await?;
            let times = sql.matches(from).count();
            anyhow::ensure!(times == 1, "{function} has {times} times the text that {} replaces: {from}", self.name);
            sqlx::raw_sql(&sql.replace(from, to)).execute(&mut *connection).await.with_context(|| self.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::BUGS;

    #[test]
    fn the_bugs_of_processes_are_those_that_the_engine_knows() {
        let here: HashSet<&str> = BUGS.iter().filter(|bug| bug.in_processes).map(|bug| bug.name).collect();
        let there: HashSet<&str> = capstan_engine::faults::Bug::ALL.iter().map(|bug| bug.name()).collect();
        assert_eq!(here, there);
    }
}
