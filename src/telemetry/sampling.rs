//! Which traces are recorded: by what the caller says, or a share of them, as the ids fall.
//!
//! The share is taken of the last 32 bits of an id. Ids that Capstan makes are UUIDs of version 7: the bits before are a time, a
//! count and fixed ones, so that the library's own sampler, which takes the last 64, would record all of them or none.

use opentelemetry::trace::{Link, SpanContext, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// How many values the random bits at the end of an id have.
const ALL: f64 = 4_294_967_296.0;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sampling {
    heeds_caller: bool,
    /// Ids are taken whose random bits are at least this.
    least: u64,
}

impl Sampling {
    /// What the caller records, and this share, from 0 to 1, of what nobody called for.
    pub(super) fn by_caller(share: f64) -> Self {
        Self { heeds_caller: true, least: least(share) }
    }

    /// This share of all.
    pub(super) fn alone(share: f64) -> Self {
        Self { heeds_caller: false, least: least(share) }
    }

    fn takes(&self, trace_id: TraceId) -> bool {
        let [.., a, b, c, d] = trace_id.to_bytes();
        u64::from(u32::from_be_bytes([a, b, c, d])) >= self.least
    }
}

fn least(share: f64) -> u64 {
    ((1.0 - share.clamp(0.0, 1.0)) * ALL) as u64
}

impl ShouldSample for Sampling {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        _name: &str,
        _span_kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let caller = parent_context.map(|context| context.span().span_context().clone()).filter(SpanContext::is_valid);
        let is_taken = match &caller {
            Some(caller) if self.heeds_caller => caller.is_sampled(),
            _ => self.takes(trace_id),
        };
        SamplingResult {
            decision: if is_taken { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: caller.map_or_else(TraceState::default, |caller| caller.trace_state().clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanId, TraceFlags};
    use uuid::Uuid;

    use super::*;

    fn is_taken(sampling: &Sampling, caller: Option<bool>, id: TraceId) -> bool {
        let context = caller.map_or_else(Context::new, |sampled| {
            let flags = TraceFlags::default().with_sampled(sampled);
            let caller = SpanContext::new(id, SpanId::from(7), flags, true, TraceState::default());
            Context::new().with_remote_span_context(caller)
        });
        let result = sampling.should_sample(Some(&context), id, "work", &SpanKind::Internal, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn a_share_of_ids_that_are_uuids_is_that_share() {
        let ids: Vec<TraceId> = (0..4_000).map(|_| TraceId::from(Uuid::now_v7().as_u128())).collect();
        for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let sampling = Sampling::alone(share);
            let taken = ids.iter().filter(|id| is_taken(&sampling, None, **id)).count();
            let found = taken as f64 / ids.len() as f64;
            // Ten standard deviations.
            assert!((found - share).abs() < 0.08, "{found} of {share}");
        }
    }

    #[test]
    fn callers_are_heeded_where_that_is_asked_for() {
        let id = TraceId::from(7);
        for (sampling, caller, taken) in [
            (Sampling::by_caller(1.0), None, true),
            (Sampling::by_caller(1.0), Some(false), false),
            (Sampling::by_caller(0.0), None, false),
            (Sampling::by_caller(0.0), Some(true), true),
            (Sampling::alone(1.0), Some(false), true),
            (Sampling::alone(0.0), Some(true), false),
        ] {
            assert_eq!(is_taken(&sampling, caller, id), taken, "{sampling:?} {caller:?}");
        }
    }
}
