//! Where the time of a function goes, in the terminal.

use std::fmt::Write as _;

use serde::Deserialize;

use super::SHARES;
use crate::api::{age, length, nanos, plain};

/// The schema `FunctionPath`, as far as it is told here.
#[derive(Deserialize)]
pub(super) struct Reply {
    invocations: String,
    looked_at: String,
    mean: String,
    segments: Vec<Segment>,
    missing: Vec<Range>,
}

#[derive(Deserialize)]
struct Segment {
    category: String,
    service: Option<String>,
    name: Option<String>,
    mean: String,
    share: f64,
}

#[derive(Deserialize)]
struct Range {
    from: String,
    to: String,
}

/// What its invocations wait for, the longest first.
pub(super) fn told(reply: &Reply, out: &mut String) {
    let missing: u64 = reply.missing.iter().map(Range::length).sum();
    if reply.segments.is_empty() {
        if missing > 0 {
            writeln!(out, "\nWhere the time goes is not derived yet.").ok();
        }
        return;
    }
    let (looked_at, of) = (&reply.looked_at, &reply.invocations);
    let mean = length(nanos(&reply.mean));
    writeln!(
        out,
        "\nWhere the time goes: {mean} in the mean, {looked_at} of {of} invocations looked at"
    )
    .ok();
    for segment in reply.segments.iter().take(SHARES) {
        writeln!(
            out,
            "  {:>4.0} %  {:>8}  {}",
            segment.share * 100.0,
            length(nanos(&segment.mean)),
            segment.words()
        )
        .ok();
    }
    if let Some(rest @ 1..) = reply.segments.len().checked_sub(SHARES) {
        writeln!(out, "  and {rest} smaller ones").ok();
    }
    if missing > 0 {
        let missing = age(missing);
        writeln!(out, "  {missing} of the range are not derived, or not yet").ok();
    }
}

// === impl Segment, Range ===

impl Segment {
    fn words(&self) -> String {
        let category = self.category.replace('_', " ");
        match (&self.service, &self.name) {
            (Some(service), Some(name)) => format!("{} {}", plain(service), plain(name)),
            (None, Some(name)) | (Some(name), None) => match self.category.as_str() {
                // The platform's names are those of the categories.
                "handler" | "downstream" | "queue_wait" => plain(name),
                _ => category,
            },
            (None, None) => match self.category.as_str() {
                "handler" => "other work of its own".to_owned(),
                "downstream" => "other calls".to_owned(),
                _ => category,
            },
        }
    }
}

impl Range {
    fn length(&self) -> u64 {
        nanos(&self.to).saturating_sub(nanos(&self.from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::read;

    #[test]
    fn the_longest_parts_are_told_and_what_is_not_derived() {
        let reply = r#"{"invocations":"20000","looked_at":"1200","mean":"312400000","missing":[{"from":"0","to":"600000000000"}],"segments":[
            {"category":"handler","service":"checkout","name":"handler","mean":"143000000","share":0.458},
            {"category":"downstream","service":"stock","name":"GET /stock/?","mean":"97000000","share":0.31},
            {"category":"downstream","service":null,"name":"POST","mean":"31000000","share":0.1},
            {"category":"extension_init","service":null,"name":"extension_init","mean":"19000000","share":0.06},
            {"category":"downstream","service":null,"name":null,"mean":"12000000","share":0.04},
            {"category":"handler","service":null,"name":null,"mean":"6000000","share":0.02},
            {"category":"queue_wait","service":"orders","name":"send","mean":"2000000","share":0.006},
            {"category":"runtime_overhead","service":null,"name":"runtime_overhead","mean":"1000000","share":0.003},
            {"category":"restore","service":null,"name":"restore","mean":"1000000","share":0.003},
            {"category":"init","service":null,"name":"init","mean":"400000","share":0.001}]}"#;
        let mut out = String::new();
        told(&read(reply).expect("a reply"), &mut out);
        insta::assert_snapshot!(out);
    }

    #[test]
    fn what_is_not_derived_yet_is_said_and_nothing_where_there_is_nothing() {
        let reply = |missing: &str| {
            let reply = format!(
                r#"{{"invocations":"0","looked_at":"0","mean":"0","segments":[],"missing":[{missing}]}}"#
            );
            let mut out = String::new();
            told(&read(&reply).expect("a reply"), &mut out);
            out
        };
        assert_eq!(reply(""), "");
        let missing = r#"{"from":"0","to":"1"}"#;
        assert_eq!(
            reply(missing),
            "\nWhere the time goes is not derived yet.\n"
        );
    }
}
