//! Questions to the database that a recorder is told of, with [`super::told`].

use crate::core::ids::ExecutionId;
use crate::store;

/// Starts executions.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Which.
    pub starts: &'a [store::start::Start],
}

/// Sends a signal.
#[derive(Clone, Copy, Debug)]
pub struct Signal {
    /// To which.
    pub execution_id: ExecutionId,
}

/// Tells executions something by signals; the answer says of each in turn whether it has taken it.
#[derive(Clone, Copy, Debug)]
pub struct Tell<'a> {
    /// Which; one may be told more than once.
    pub executions: &'a [ExecutionId],
}

/// Claims.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Who.
    pub worker_no: i32,
}

/// Takes note of a wake-up and reads the signals.
#[derive(Clone, Copy, Debug)]
pub struct Heed {
    /// Who.
    pub worker_no: i32,
    /// Of which.
    pub execution_id: ExecutionId,
    /// Under which lease.
    pub lease_no: i64,
}

/// Writes a group of commits.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// Who.
    pub worker_no: i32,
    /// What.
    pub commits: &'a [&'a store::commit::Commit],
}

/// Looks for commits that may be written already.
#[derive(Clone, Copy, Debug)]
pub struct Find<'a> {
    /// Which.
    pub commits: &'a [&'a store::commit::Commit],
}

/// Lets executions pass their gates, or has them wait there: what was judged becomes so.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a> {
    /// Who; none if nobody enters.
    pub worker_no: Option<i32>,
    /// Who would enter.
    pub entering: &'a [store::gates::Entering],
    /// What was judged.
    pub passed: &'a store::gates::Passed,
}

/// Gives leases back.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// Who.
    pub worker_no: i32,
    /// Which.
    pub leases: &'a [(ExecutionId, i64)],
}

/// Gives all back, and is no worker any more.
#[derive(Clone, Copy, Debug)]
pub struct Retire {
    /// Who.
    pub worker_no: i32,
}

/// Fences another worker.
#[derive(Clone, Copy, Debug)]
pub struct Reap {
    /// Which.
    pub lost: i32,
}

/// Beats.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    /// Who.
    pub worker_no: i32,
}
