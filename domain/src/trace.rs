//! The trace that a task works for: set where work comes in, read where something leaves the task, or a row of it.

use capstan_engine::core::trace::Trace;

tokio::task_local! {
    static CURRENT: Option<Trace>;
}

/// What this task works for, if that is known.
#[must_use]
pub fn current() -> Option<Trace> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// The same, as rows have it.
#[must_use]
pub fn written() -> Option<String> {
    CURRENT.try_with(|trace| trace.as_ref().map(ToString::to_string)).ok().flatten()
}

/// Does this for that trace.
pub fn within<F: Future>(trace: Trace, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(Some(trace), work)
}

/// Does this, in another task, for the trace of this one.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(current(), work)
}

/// The header `traceparent` of a request that is part of that trace, as a span of its own.
#[must_use]
pub fn header(trace: &Trace) -> String {
    trace.traceparent(rand::random())
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::ids::ExecutionId;

    use super::*;

    #[tokio::test]
    async fn a_task_works_for_one_trace_and_hands_it_on() {
        assert_eq!((current(), written()), (None, None));
        let trace = Trace::of(ExecutionId::new().0);
        let told = within(trace.clone(), async { tokio::spawn(carried(async { current() })).await.unwrap() }).await;
        assert_eq!(told, Some(trace.clone()));
        assert_ne!(header(&trace), header(&trace), "each request is a span of its own");
    }
}
