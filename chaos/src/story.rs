//! The story of an execution, for people: its row, its journal, what was called, what hit it.

use std::fmt::Write;

use uuid::Uuid;

use crate::facts::Facts;

/// Writes it.
pub(crate) fn write_story(text: &mut String, facts: &Facts, id: Uuid) -> std::fmt::Result {
    let row = facts.executions.get(&id);
    writeln!(text, "execution {id}: {row:?}")?;
    for row in facts.rows(id) {
        let (status, port) = (row.status.as_deref().unwrap_or("-"), row.port.as_deref().unwrap_or("-"));
        writeln!(
            text,
            "  {:>3} {:<14} {:<4} {:<12} {status:<10} {port:<9} attempt {:?} lease {} due {:?} recorded {} committed {}",
            row.position,
            row.kind,
            row.node,
            row.scope,
            row.attempts.unwrap_or_default(),
            row.lease_no,
            row.due.map(|due| due.time()),
            row.recorded_at.time(),
            row.committed_at.time()
        )?;
    }
    for call in facts.calls.iter().filter(|call| call.key.starts_with(&id.to_string())) {
        writeln!(text, "      called {} at {}", call.node, call.at.time())?;
    }
    for struck in &facts.injected.struck {
        for held in struck.held.iter().filter(|held| held.execution == id) {
            let (lease_no, worker_no) = (held.lease_no, held.worker_no);
            writeln!(text, "      {:?} at {}: lease {lease_no} of worker {worker_no}", struck.fault, struck.at.time())?;
        }
    }
    for (lease_no, seen) in facts.seen.leases.iter().filter(|(_, seen)| seen.execution == id) {
        let fenced = facts.fenced_at.get(&seen.worker_no).map(|at| at.time().to_string());
        let (worker_no, last) = (seen.worker_no, seen.last.time());
        writeln!(text, "      lease {lease_no} of worker {worker_no} seen until {last}; fenced {fenced:?}")?;
    }
    Ok(())
}
