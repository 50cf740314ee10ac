//! What a piece of work belongs to over all processes: a trace, as W3C Trace Context has it, and the request that began it.

use std::fmt;

use uuid::Uuid;

/// The header that carries a trace from one process to the next.
pub const TRACEPARENT: &str = "traceparent";

/// A trace, and the request that began it. As text it is `<trace id>[-<span>-<flags>][ <request id>]`: without the span where
/// no caller named the trace, without the request where nobody asked over HTTP; a request whose id is the trace's is left empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    id: Uuid,
    /// The caller's span, and whether it records the trace.
    caller: Option<(u64, bool)>,
    request_id: Option<String>,
}

impl Trace {
    /// The trace of what nobody asked for from outside: it has the id of what it begins with.
    #[must_use]
    pub const fn of(id: Uuid) -> Self {
        Self { id, caller: None, request_id: None }
    }

    /// The trace of a request. Without a `traceparent`, or with one that is none, it is a new trace: it has the id of the request
    /// where that is a UUID, else `fresh`.
    #[must_use]
    pub fn of_request(traceparent: Option<&str>, request_id: &str, fresh: Uuid) -> Self {
        let of_request = Uuid::parse_str(request_id).ok().filter(|id| !id.is_nil() && id.to_string() == request_id);
        let (id, caller) = match traceparent.and_then(read) {
            Some((id, span, sampled)) => (id, Some((span, sampled))),
            None => (of_request.unwrap_or(fresh), None),
        };
        Self { id, caller, request_id: Some(request_id.to_owned()) }
    }

    /// Reads the text of a trace.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (head, request_id) = match text.split_once(' ') {
            Some((head, request_id)) => (head, Some(request_id)),
            None => (text, None),
        };
        let (id, caller) = match head.split_once('-') {
            None => (Uuid::from_u128(hex(head, 32)?), None),
            Some(_) => {
                let (id, span, sampled) = read(&format!("00-{head}"))?;
                (id, Some((span, sampled)))
            }
        };
        let named = |name: &str| if name.is_empty() { id.to_string() } else { name.to_owned() };
        Some(Self { id, caller, request_id: request_id.map(named) })
    }

    /// Which it is.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// The span that asked for this, and whether it is recorded; none where nobody named the trace.
    #[must_use]
    pub const fn caller(&self) -> Option<(u64, bool)> {
        self.caller
    }

    /// The same trace, for what is done within that span of it.
    #[must_use]
    pub fn under(&self, span: u64, is_recorded: bool) -> Self {
        Self { caller: Some((span, is_recorded)), ..self.clone() }
    }

    /// 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        self.id.simple().to_string()
    }

    /// The request that began it, if one did.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The header of a request that belongs to it, as that span. It says that the trace is recorded, unless the caller said
    /// otherwise.
    #[must_use]
    pub fn traceparent(&self, span: u64) -> String {
        let sampled = self.caller.is_none_or(|(_, sampled)| sampled);
        format!("00-{}-{:016x}-{:02x}", self.id.simple(), span.max(1), u8::from(sampled))
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id.simple())?;
        if let Some((span, sampled)) = self.caller {
            write!(f, "-{span:016x}-{:02x}", u8::from(sampled))?;
        }
        match &self.request_id {
            Some(request_id) if *request_id == self.id.to_string() => f.write_str(" "),
            Some(request_id) => write!(f, " {request_id}"),
            None => Ok(()),
        }
    }
}

/// Trace, span and whether it is recorded, of a header `traceparent` of any version.
/// See <https://www.w3.org/TR/trace-context/#traceparent-header>.
fn read(header: &str) -> Option<(Uuid, u64, bool)> {
    let mut parts = header.splitn(5, '-');
    let version = hex(parts.next()?, 2)?;
    let (id, span, flags) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)?, hex(parts.next()?, 2)?);
    // Later versions may have more.
    let is_over = parts.next().is_none();
    if version == 0xff || (version == 0 && !is_over) || id == 0 || span == 0 {
        return None;
    }
    Some((Uuid::from_u128(id), u64::try_from(span).ok()?, flags & 1 == 1))
}

/// So many digits, in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const FRESH: Uuid = Uuid::from_u128(7);
    const REQUEST: &str = "01927f3e-2c50-7000-8000-000000000001";

    #[test]
    fn a_trace_that_is_given_goes_on_with_another_span() {
        let trace = Trace::of_request(Some(GIVEN), "r-1", FRESH);
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.traceparent(0xab), "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ab-01");
        let unrecorded = GIVEN.replace("-01", "-00");
        assert!(Trace::of_request(Some(&unrecorded), "r-1", FRESH).traceparent(1).ends_with("-00"));
        let later = format!("cc{}-what-the-future-brings", &GIVEN[2..]);
        assert_eq!(Trace::of_request(Some(&later), "r-1", FRESH), trace);
    }

    #[test]
    fn what_is_done_within_a_span_has_it_as_its_caller() {
        let trace = Trace::of_request(None, REQUEST, FRESH);
        let within = trace.under(0xab, false);
        assert_eq!((within.id(), within.caller(), trace.caller()), (trace.id(), Some((0xab, false)), None));
        assert_eq!(within.request_id(), Some(REQUEST));
        assert_eq!(Trace::parse(&within.to_string()), Some(within.clone()));
        assert!(within.traceparent(7).ends_with("-0000000000000007-00"));
    }

    #[test]
    fn what_is_no_traceparent_is_ignored() {
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Trace::of_request(Some(bad), "r-1", FRESH), Trace::of_request(None, "r-1", FRESH), "{bad}");
        }
        assert_eq!(Trace::of_request(None, "r-1", FRESH).trace_id(), FRESH.simple().to_string());
    }

    #[test]
    fn without_one_the_request_names_its_trace_and_costs_no_second_id() {
        let trace = Trace::of_request(None, REQUEST, FRESH);
        assert_eq!(trace.trace_id(), REQUEST.replace('-', ""));
        assert_eq!(trace.to_string(), "01927f3e2c5070008000000000000001 ");
    }

    #[test]
    fn it_comes_back_from_its_text() {
        for trace in [
            Trace::of(FRESH),
            Trace::of_request(None, REQUEST, FRESH),
            Trace::of_request(None, "r-1", FRESH),
            Trace::of_request(Some(GIVEN), REQUEST, FRESH),
            Trace::of_request(Some(GIVEN), "a b", FRESH),
        ] {
            assert_eq!(Trace::parse(&trace.to_string()), Some(trace.clone()), "{trace}");
        }
        assert_eq!(Trace::parse("nothing"), None);
    }
}
