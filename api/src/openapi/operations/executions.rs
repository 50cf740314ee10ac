//! Executions, and what people do with them.

use super::super::operation::{Operation, op};
use super::super::shapes::{
    ApprovalAnswer, CancelTaken, ExecutionOrPending, Logs, Outcome, Resolve, Resolving, SignalTaken, TestCase,
};
use crate::paging::Page;
use crate::routes::{
    approvals, bulk_jobs, case, events, execution_list, executions, explain, launch, log_search, logs, migrate, orders,
    resolve, restart, retry_now, signals, timeline,
};
use crate::view::ExecutionSummary;

pub(super) fn all() -> Vec<Operation> {
    let mut all = of_one();
    all.extend(of_many());
    all
}

fn of_one() -> Vec<Operation> {
    vec![
        op(execution_list::list, "listExecutions", "Executions, newest first")
            .query::<execution_list::ListQuery>()
            .gives::<Page<ExecutionSummary>>(200)
            .refuses(&[404]),
        op(executions::start, "startExecution", "Start an execution")
            .query::<executions::StartQuery>()
            .takes::<executions::NewExecution>()
            .once()
            .header("Prefer")
            .tells("Location")
            .tells("PreferenceApplied")
            .gives::<launch::Accepted>(202)
            .gives::<Outcome>(200)
            .refuses(&[404, 409, 429]),
        op(executions::get, "getExecution", "An execution with its steps")
            .gives::<ExecutionOrPending>(200)
            .refuses(&[409, 410]),
        op(logs::read, "readLogs", "Its log lines, oldest first")
            .query::<logs::LogsQuery>()
            .gives::<Logs>(200)
            .refuses(&[409]),
        op(timeline::read, "readTimeline", "Attempts and waits of its steps")
            .query::<timeline::TimelineQuery>()
            .gives::<timeline::Timeline>(200)
            .refuses(&[409, 410]),
        op(events::follow, "followExecution", "What happens to it, live").streams().refuses(&[409, 410, 429]),
        op(explain::read, "explainExecution", "What it waits for")
            .gives::<explain::Explanation>(200)
            .refuses(&[409, 410]),
        op(case::get, "getTestCase", "A case for `capstan test`").gives::<TestCase>(200).refuses(&[409, 410, 422]),
        op(signals::cancel, "cancelExecution", "Cancel it")
            .may_take::<signals::Cancel>()
            .gives::<CancelTaken>(202)
            .refuses(&[409, 429]),
        op(signals::send, "sendSignal", "Send it a signal; the body is its payload")
            .may_take::<serde_json::Value>()
            .once()
            .gives::<SignalTaken>(202)
            .refuses(&[409, 429]),
        op(orders::pause, "pauseExecution", "Hold it up")
            .may_take::<orders::Wish>()
            .gives::<orders::Paused>(202)
            .refuses(&[409, 429]),
        op(orders::resume, "resumeExecution", "Have it go on")
            .may_take::<orders::Wish>()
            .gives_nothing(202)
            .refuses(&[409, 429]),
        op(resolve::create, "resolveIncident", "How an incident goes on")
            .takes::<Resolve>()
            .gives::<Resolving>(202)
            .refuses(&[409, 410, 429]),
        op(retry_now::create, "retryNow", "Steps that wait for their next attempt go on at once")
            .may_take::<retry_now::Wish>()
            .gives::<SignalTaken>(202)
            .refuses(&[409, 410, 429]),
        op(restart::create, "restartExecution", "A new execution that begins with what this one had done")
            .takes::<restart::Wish>()
            .once()
            .gives::<restart::Planned>(200)
            .gives::<restart::Planned>(202)
            .refuses(&[409, 410, 429]),
        op(migrate::create, "migrateExecution", "It goes on with another version, if that fits")
            .may_take::<migrate::Wish>()
            .gives::<migrate::Planned>(200)
            .refuses(&[409, 410]),
        op(approvals::answer, "answerApproval", "Answer an approval")
            .takes::<approvals::Body>()
            .once()
            .gives::<ApprovalAnswer>(202)
            .refuses(&[409, 410, 429]),
    ]
}

fn of_many() -> Vec<Operation> {
    vec![
        op(log_search::search, "searchLogs", "Executions in whose logs words are, newest first, with these lines")
            .query::<log_search::SearchQuery>()
            .gives::<Page<log_search::FoundLog>>(200),
        op(approvals::list, "listApprovals", "What waits for a person, newest first")
            .query::<approvals::ListQuery>()
            .gives::<Page<approvals::ApprovalView>>(200),
        op(bulk_jobs::list, "listBulkJobs", "Bulk jobs, newest first")
            .query::<bulk_jobs::ListQuery>()
            .gives::<Page<bulk_jobs::JobView>>(200),
        op(bulk_jobs::create, "createBulkJob", "Do one thing with many executions")
            .takes::<bulk_jobs::wish::Wish>()
            .once()
            .tells("Location")
            .gives::<bulk_jobs::JobView>(202)
            .gives::<bulk_jobs::preview::Preview>(200)
            .refuses(&[404, 409, 410, 429]),
        op(bulk_jobs::get, "getBulkJob", "A bulk job and its counts").gives::<bulk_jobs::JobView>(200),
        op(bulk_jobs::items, "listBulkJobItems", "What became of each execution")
            .query::<bulk_jobs::ItemsQuery>()
            .gives::<Page<bulk_jobs::ItemView>>(200),
        op(bulk_jobs::cancel, "cancelBulkJob", "What is left of it is not done")
            .gives::<bulk_jobs::JobView>(200)
            .refuses(&[409]),
    ]
}
