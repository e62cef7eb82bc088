//! X-Ray's trace header (`Root=1-...;Parent=...;Sampled=1`), as far as the platform acts on it.
//!
//! A sampled invocation has a segment of its own, as with active tracing: telemetry tells its id and the header as it came,
//! and the function gets the header with the segment as parent. (On Lambda the parent that the function gets is a
//! sub-segment which telemetry never tells; on managed instances it is as here.)

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::random;

/// What the parties of one invocation are told about its trace.
#[derive(Clone, Debug)]
pub(crate) struct Tracing {
    /// What the function gets.
    pub(crate) function_header: String,
    /// What came, or was made where nothing came.
    pub(crate) upstream_header: String,
    /// The platform's segment, where the trace is sampled.
    segment: Option<String>,
}

/// A root as X-Ray makes it.
pub(crate) fn new_root() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = seconds.unwrap_or_default().as_secs();
    format!("1-{seconds:08x}-{}", random::digits::<12>())
}

/// The header of a trace that begins here and is sampled, as a caller would send it.
pub fn new_trace_header() -> String {
    let (root, parent) = (new_root(), random::digits::<8>());
    format!("Root={root};Parent={parent};Sampled=1")
}

/// A header that continues the trace of another one, with a parent of its own. `None` where that one names no trace.
pub(crate) fn continued(header: &str) -> Option<String> {
    let (root, sampled) = (field(header, "Root")?, field(header, "Sampled"));
    let (parent, sampled) = (random::digits::<8>(), sampled.unwrap_or("0"));
    Some(format!("Root={root};Parent={parent};Sampled={sampled}"))
}

/// The same trace and parent as W3C writes them. `None` where the header names no trace or no parent.
pub(crate) fn traceparent(header: &str) -> Option<String> {
    let root = field(header, "Root")?.strip_prefix("1-")?.replace('-', "");
    let parent = field(header, "Parent")?;
    let is_sampled = field(header, "Sampled") == Some("1");
    let is_whole = root.len() == 32 && parent.len() == 16;
    is_whole.then(|| format!("00-{root}-{parent}-{:02}", u8::from(is_sampled)))
}

impl Tracing {
    /// For an invocation with this header. Without one it gets a trace that is not sampled.
    pub(crate) fn begin(header: Option<&str>) -> Self {
        let Some((header, root)) = header.and_then(|header| Some((header, field(header, "Root")?)))
        else {
            let (root, parent) = (new_root(), random::digits::<8>());
            return Self::passed_through(format!("Root={root};Parent={parent};Sampled=0"));
        };
        if field(header, "Sampled") != Some("1") {
            return Self::passed_through(header.to_owned());
        }
        let segment = random::digits::<8>();
        Self {
            function_header: format!("Root={root};Parent={segment};Sampled=1"),
            upstream_header: header.to_owned(),
            segment: Some(segment),
        }
    }

    fn passed_through(header: String) -> Self {
        Self {
            function_header: header.clone(),
            upstream_header: header,
            segment: None,
        }
    }

    /// Telemetry's `tracing` field, which is absent where the trace is not sampled.
    pub(crate) fn telemetry(&self) -> Option<Value> {
        let segment = self.segment.as_ref()?;
        Some(json!({
            "type": "X-Amzn-Trace-Id",
            "value": self.upstream_header,
            "spanId": segment,
        }))
    }
}

fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

    #[test]
    fn a_sampled_trace_gets_a_segment_between_caller_and_function() {
        let header = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1");
        let tracing = Tracing::begin(Some(&header));
        let told = tracing.telemetry().expect("it is sampled");
        assert_eq!(told["value"], header);
        let segment = told["spanId"].as_str().expect("it has a segment");
        assert_eq!(
            tracing.function_header,
            format!("Root={ROOT};Parent={segment};Sampled=1")
        );
    }

    #[test]
    fn a_trace_that_is_not_sampled_is_handed_on_and_not_told() {
        let header = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0");
        let tracing = Tracing::begin(Some(&header));
        assert_eq!(
            (tracing.function_header.as_str(), tracing.telemetry()),
            (header.as_str(), None)
        );
        let made = Tracing::begin(None);
        assert!(made.function_header.starts_with("Root=1-"), "{made:?}");
        assert_eq!(made.telemetry(), None);
    }

    #[test]
    fn a_continued_header_keeps_root_and_decision() {
        let next = continued(&format!("Self=1-2-3; Root={ROOT};Parent=1;Sampled=1"));
        let next = next.expect("it names a trace");
        assert!(next.starts_with(&format!("Root={ROOT};Parent=")), "{next}");
        assert!(next.ends_with(";Sampled=1"), "{next}");
        assert_eq!(continued("Sampled=1"), None);
    }
}
