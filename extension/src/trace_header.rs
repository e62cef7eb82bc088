//! X-Ray's header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.

use coldtrace_model::{RequestId, SpanId, TraceId};

/// What a header says, as far as it can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TraceHeader {
    pub(crate) root: Option<TraceId>,
    pub(crate) parent: Option<SpanId>,
    pub(crate) is_sampled: bool,
}

// === impl TraceHeader ===

impl TraceHeader {
    /// Reads a header; what is missing or wrong is absent.
    pub(crate) fn parse(header: &str) -> Self {
        let mut parsed = Self::default();
        for pair in header.split(';') {
            match pair.trim().split_once('=') {
                Some(("Root", root)) => parsed.root = trace_id_of_root(root),
                Some(("Parent", parent)) => parsed.parent = parent.parse().ok(),
                Some(("Sampled", sampled)) => parsed.is_sampled = sampled == "1",
                _ => {}
            }
        }
        parsed
    }
}

/// `1-` time `-` rest; both in one are the trace id of W3C.
pub(crate) fn trace_id_of_root(root: &str) -> Option<TraceId> {
    let (time, rest) = root.strip_prefix("1-")?.split_once('-')?;
    format!("{time}{rest}").parse().ok()
}

/// The span that a `traceparent` of W3C's or a header of X-Ray's names.
pub(crate) fn sender(header: &str) -> Option<(TraceId, SpanId)> {
    let told = TraceHeader::parse(header);
    if let (Some(root), Some(parent)) = (told.root, told.parent) {
        return Some((root, parent));
    }
    // version-trace-span-flags
    let mut parts = header.split('-').skip(1);
    let (trace_id, span_id) = (parts.next()?, parts.next()?);
    Some((trace_id.parse().ok()?, span_id.parse().ok()?))
}

/// The trace id of a request that names none, the same whoever computes it and how often.
pub(crate) fn derived_trace_id(request_id: &RequestId) -> TraceId {
    let high = hash(&[request_id.as_str(), "trace", "high"]);
    let low = hash(&[request_id.as_str(), "trace", "low"]);
    let bytes = [high.to_be_bytes(), low.to_be_bytes()].concat();
    TraceId::from_bytes(&bytes).expect("neither half is zero")
}

/// The id of a platform span of a request, one for each phase, the same however often it is computed.
pub(crate) fn derived_span_id(request_id: &RequestId, phase: &str) -> SpanId {
    let id = hash(&[request_id.as_str(), "span", phase]);
    SpanId::from_bytes(&id.to_be_bytes()).expect("a hash is never zero")
}

/// FNV-1a with a final mix (MurmurHash3's), as a short text's last bytes would else show in few bits; never zero.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    let mut hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (hash ^ (hash >> 33)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_far_as_they_go() {
        let whole = TraceHeader::parse(
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:0",
        );
        assert_eq!(
            whole.root.unwrap().to_string(),
            "5759e988bd862e3fe1be46a994272793"
        );
        assert_eq!(whole.parent.unwrap().to_string(), "53995c3f42cd8ad8");
        assert!(whole.is_sampled);
        for odd in ["", "Root", "Root=1-2;Parent=x", ";;=;", "Root=1-\u{e9}-"] {
            assert_eq!(TraceHeader::parse(odd), TraceHeader::default(), "{odd}");
        }
    }

    #[test]
    fn senders_are_named_in_either_form() {
        let w3c = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        let xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(sender(w3c), sender(xray));
        assert!(sender(w3c).is_some());
        for odd in [
            "",
            "00",
            "00-x-y-01",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
        ] {
            assert_eq!(sender(odd), None, "{odd}");
        }
    }

    #[test]
    fn derived_ids_differ_by_request_and_phase_and_stay_the_same() {
        let request = |text| RequestId::parse(text).unwrap();
        let (a, b) = (request("a"), request("b"));
        assert_eq!(derived_trace_id(&a), derived_trace_id(&a));
        assert_ne!(derived_trace_id(&a), derived_trace_id(&b));
        assert_ne!(
            derived_span_id(&a, "init"),
            derived_span_id(&a, "invocation")
        );
        // A change of these would tear what was sent before a reset from what is sent after it.
        let pinned = derived_span_id(&a, "invocation").to_string();
        assert_eq!(pinned, "754f9169374be831");
    }
}
