//! A function's findings in the terminal.

use std::fmt::Write as _;

use serde::Deserialize;

use coldtrace_analysis::NanoDollars;

use crate::api::{length, nanos, plain};

/// The schema `FunctionFindings`, as far as it is told here.
#[derive(Deserialize)]
pub(super) struct Reply {
    findings: Vec<Finding>,
    invocations: String,
    sampled: u64,
    traces: u64,
    prices_of: String,
}

#[derive(Deserialize)]
struct Finding {
    title: String,
    text: String,
    seen: String,
    gain: Gain,
    confidence: String,
    examples: Vec<String>,
}

#[derive(Deserialize)]
struct Gain {
    p50: String,
    p95: String,
    p99: String,
    failures: f64,
    monthly: Option<String>,
}

/// What about a function costs.
pub(super) fn told(function: &str, reply: &Reply, out: &mut String) {
    writeln!(
        out,
        "{}: {} invocations; {} looked at, {} with their traces",
        plain(function),
        reply.invocations,
        reply.sampled,
        reply.traces
    )
    .ok();
    if reply.findings.is_empty() {
        writeln!(out, "\nNothing of it costs more than it should.").ok();
        return;
    }
    for finding in &reply.findings {
        let unsure = match finding.confidence.as_str() {
            "low" => " (perhaps)",
            _ => "",
        };
        let (title, text) = (plain(&finding.title), plain(&finding.text));
        writeln!(out, "\n{title}{unsure}\n  {text}").ok();
        let gain = finding.gain.told();
        if !gain.is_empty() {
            writeln!(out, "  without it: {}", gain.join(", ")).ok();
        }
        let example = finding.examples.first();
        let example = example.map_or_else(String::new, |id| format!(", such as {}", plain(id)));
        writeln!(out, "  in {} invocations{example}", finding.seen).ok();
    }
    let has_money = |finding: &Finding| finding.gain.monthly.is_some();
    if reply.findings.iter().any(has_money) {
        let of = plain(&reply.prices_of);
        writeln!(out, "\nPrices are those of {of}, without the free tier.").ok();
    }
}

// === impl Gain ===

impl Gain {
    /// What of it is not nothing.
    fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.failures > 0.0 {
            told.push(format!(
                "{:.2} % of invocations would not fail",
                self.failures * 100.0
            ));
        }
        for (name, gain) in [("p50", &self.p50), ("p95", &self.p95), ("p99", &self.p99)] {
            let gain = nanos(gain);
            if gain > 0 {
                told.push(format!("{name} {} less", length(gain)));
            }
        }
        let dollars = self.monthly.as_ref();
        let dollars: Option<i64> = dollars.and_then(|text| text.parse().ok());
        match dollars {
            Some(0) | None => {}
            Some(dollars @ ..0) => {
                let more = NanoDollars(dollars.saturating_neg()).text();
                told.push(format!("{more} a month more"));
            }
            Some(dollars) => told.push(format!("{} a month less", NanoDollars(dollars).text())),
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::read;

    #[test]
    fn findings_are_told_with_what_they_would_save() {
        let reply = r#"{"invocations":"20000","sampled":1000,"traces":960,"prices_of":"2026-11","findings":[
            {"title":"Cold starts","text":"6.2 % of invocations wait 812 ms for their sandbox.","seen":"1240","confidence":"high",
             "examples":["req-1","req-2"],"gain":{"p50":"0","p95":"640000000","p99":"1200000000","failures":0,"monthly":"12400000000"}},
            {"title":"Too little processor","text":"It uses up its share.","seen":"20000","confidence":"low","examples":[],
             "gain":{"p50":"1000000","p95":"0","p99":"0","failures":0.0125,"monthly":"-5000000"}}]}"#;
        let mut out = String::new();
        told("checkout", &read(reply).expect("a reply"), &mut out);
        insta::assert_snapshot!(out);
    }
}
