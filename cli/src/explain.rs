//! `coldtrace explain`: where the time of an invocation or a trace went, and what would make it faster; what about a
//! function costs, and what goes wrong in it.

mod errors;
mod function;
mod path;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use coldtrace_analysis::NanoDollars;
use coldtrace_model::{Nanos, UnixNanos};
use serde::Deserialize;

use crate::api::{Api, Service, age, escaped, length, nanos, plain, reach, read};
use crate::failure::Failure;
use crate::settings::say;

/// Of what was waited for, so many are told.
const SHARES: usize = 8;

/// `coldtrace explain`.
#[derive(Args)]
pub(crate) struct ExplainArguments {
    /// A request id, a trace id, or a function's name.
    id: String,
    /// Of a function: how far back, such as 6h or 7d.
    #[arg(long, default_value = "24h", value_parser = reach)]
    last: Nanos,
    #[command(flatten)]
    service: Service,
    /// The service's own reply.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Detail {
    invocation: Invocation,
    verdict: Verdict,
    trace: Trace,
}

#[derive(Deserialize)]
struct Invocation {
    request_id: String,
    function: String,
    outcome: String,
    cold: String,
    duration: Option<String>,
    billed: Option<String>,
    init: Option<String>,
    memory_bytes: Option<String>,
    max_memory_bytes: Option<String>,
    error_type: String,
    cost: Option<String>,
}

#[derive(Deserialize)]
struct Verdict {
    text: String,
}

#[derive(Deserialize)]
struct Trace {
    start: String,
    end: String,
    spans: Vec<Span>,
    spans_total: u64,
    hops: Vec<Hop>,
    findings: Vec<Finding>,
    warnings: Vec<String>,
}

/// An invocation's place in a journey.
#[derive(Deserialize)]
struct Hop {
    request_id: String,
    waited: Option<String>,
    attempt: u32,
    attempts: u32,
}

#[derive(Deserialize)]
struct Span {
    service: String,
    name: String,
    status: String,
    critical_time: String,
}

#[derive(Deserialize)]
struct Finding {
    title: String,
    text: String,
    gain: String,
    confidence: String,
}

/// What was found under an id, as the service told it.
enum Found {
    Invocation(String),
    Trace(String),
    Function {
        findings: String,
        /// Where its time goes; nothing if the service has no answer to that.
        path: Option<String>,
        errors: Option<String>,
    },
}

/// Runs it.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    let found = Found::ask(&arguments.service.api()?, arguments)?;
    if arguments.json {
        return say(&format!("{}\n", found.reply()));
    }
    let mut out = String::new();
    match &found {
        Found::Invocation(reply) => {
            let detail: Detail = read(reply)?;
            writeln!(out, "{}", headline(&detail.invocation)).ok();
            writeln!(out, "{}", plain(&detail.verdict.text)).ok();
            draw_hops(&detail, &mut out);
            explain(&detail.trace, &mut out);
        }
        Found::Trace(reply) => explain(&read(reply)?, &mut out),
        Found::Function {
            findings,
            path,
            errors,
        } => {
            function::told(&arguments.id, &read(findings)?, &mut out);
            if let Some(path) = path {
                path::told(&read(path)?, &mut out);
            }
            if let Some(reply) = errors {
                errors::told(&read(reply)?, UnixNanos::now(), &mut out);
            }
        }
    }
    say(&out)
}

/// Which attempt it was, and how long its message lay.
fn draw_hops(detail: &Detail, out: &mut String) {
    let hops = detail.trace.hops.iter();
    for hop in hops.filter(|hop| hop.request_id == detail.invocation.request_id) {
        let waited = hop.waited.as_deref().map(|waited| length(nanos(waited)));
        match (hop.attempts, waited) {
            (0 | 1, None) => {}
            (0 | 1, Some(waited)) => {
                writeln!(out, "What it took had lain for {waited}.").ok();
            }
            (attempts, waited) => {
                let before = if hop.attempt == 1 {
                    "it was sent"
                } else {
                    "the one before"
                };
                let waited = waited.map_or_else(String::new, |waited| {
                    format!(", begun {waited} after {before}")
                });
                writeln!(out, "Attempt {} of {attempts}{waited}.", hop.attempt).ok();
            }
        }
    }
}

impl Found {
    fn ask(api: &Api, arguments: &ExplainArguments) -> Result<Self, Failure> {
        let id = &arguments.id;
        if let Some(reply) = api.get(&format!("invocations/{}", escaped(id)))? {
            return Ok(Self::Invocation(reply));
        }
        let is_trace_id = id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_trace_id && let Some(reply) = api.get(&format!("traces/{id}"))? {
            return Ok(Self::Trace(reply));
        }
        let (function, now) = (escaped(id), UnixNanos::now());
        let range = format!("from={}&to={}", now.minus(arguments.last).0, now.0);
        let unknown = || {
            Failure::Told(format!(
                "nothing has the id {id}, neither an invocation nor a trace, and no function of that name was invoked in the last {}",
                age(arguments.last.0)
            ))
        };
        let findings = api
            .get(&format!("functions/{function}/findings?{range}"))?
            .ok_or_else(unknown)?;
        let (mut path, mut errors) = (None, None);
        if !arguments.json {
            let limit = errors::GROUPS;
            path = api.get(&format!("functions/{function}/path?{range}"))?;
            errors = api.get(&format!("errors?function={function}&limit={limit}&{range}"))?;
        }
        Ok(Self::Function {
            findings,
            path,
            errors,
        })
    }

    fn reply(&self) -> &str {
        match self {
            Self::Invocation(reply) | Self::Trace(reply) => reply,
            Self::Function { findings, .. } => findings,
        }
    }
}

/// `checkout  ok  on_demand start, init 812 ms  1.24 s  billed 2.06 s  297 of 512 MB`
fn headline(invocation: &Invocation) -> String {
    let told = |name: &str, length_of: &Option<String>| {
        let known = length_of.as_deref().map(nanos);
        known.map_or_else(String::new, |known| format!("{name}{}", length(known)))
    };
    let mib = |bytes: &Option<String>| bytes.as_deref().map(|bytes| nanos(bytes) >> 20);
    let memory = match (
        mib(&invocation.max_memory_bytes),
        mib(&invocation.memory_bytes),
    ) {
        (Some(used), Some(limit)) => format!("{used} of {limit} MB"),
        (Some(used), None) => format!("{used} MB"),
        (None, _) => String::new(),
    };
    let cost = invocation.cost.as_ref().and_then(|text| text.parse().ok());
    let cost = cost.map(NanoDollars);
    let start = match invocation.cold.as_str() {
        "warm" => "warm".to_owned(),
        kind => format!("{kind} start{}", told(", init ", &invocation.init)),
    };
    let parts = [
        plain(&invocation.function),
        invocation.outcome.clone(),
        plain(&invocation.error_type),
        start,
        told("", &invocation.duration),
        told("billed ", &invocation.billed),
        cost.map_or_else(String::new, NanoDollars::text),
        memory,
    ];
    let known: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    known.join("  ")
}

fn explain(trace: &Trace, out: &mut String) {
    let whole = nanos(&trace.end).saturating_sub(nanos(&trace.start));
    let failed = trace
        .spans
        .iter()
        .filter(|span| span.status == "error")
        .count();
    let failed = if failed == 0 {
        String::new()
    } else {
        format!(", {failed} failed")
    };
    writeln!(
        out,
        "{} from first to last, {} spans{failed}",
        length(whole),
        trace.spans_total
    )
    .ok();
    shares(trace, out);
    if !trace.findings.is_empty() {
        writeln!(out, "\nWhat would make it faster").ok();
    }
    for finding in &trace.findings {
        let gain = length(nanos(&finding.gain));
        let gain = if finding.confidence == "low" {
            format!("up to {gain}")
        } else {
            gain
        };
        writeln!(
            out,
            "  {gain:>14}  {}: {}",
            plain(&finding.title),
            plain(&finding.text)
        )
        .ok();
    }
    for warning in &trace.warnings {
        writeln!(out, "\nnote: {}", plain(warning)).ok();
    }
}

/// What was waited for, same work taken together, the longest first.
fn shares(trace: &Trace, out: &mut String) {
    let mut shares: BTreeMap<(&str, &str), (u64, usize)> = BTreeMap::new();
    for span in &trace.spans {
        let critical = nanos(&span.critical_time);
        if critical > 0 {
            let share = shares.entry((&span.service, &span.name)).or_default();
            share.0 += critical;
            share.1 += 1;
        }
    }
    let total: u64 = shares.values().map(|(critical, _)| critical).sum();
    let mut shares: Vec<_> = shares.into_iter().collect();
    shares.sort_by_key(|(_, (critical, _))| std::cmp::Reverse(*critical));
    if !shares.is_empty() {
        writeln!(out, "\nWhere the time went").ok();
    }
    for ((service, name), (critical, count)) in shares.iter().take(SHARES) {
        let share = *critical as f64 / total.max(1) as f64 * 100.0;
        let times = if *count > 1 {
            format!(" ×{count}")
        } else {
            String::new()
        };
        let (service, name) = (plain(service), plain(name));
        writeln!(
            out,
            "  {share:>4.0} %  {:>8}  {service} {name}{times}",
            length(*critical)
        )
        .ok();
    }
    if let Some(rest @ 1..) = shares.len().checked_sub(SHARES) {
        writeln!(out, "  and {rest} smaller ones").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_is_explained_from_its_reply() {
        let reply = r#"{"invocation":{"request_id":"one","function":"checkout","outcome":"error","cold":"on_demand","duration":"1243000000",
            "billed":"2056000000","init":"812000000","memory_bytes":"536870912","max_memory_bytes":"311427072",
            "error_type":"ValueError","cost":"17067"},"verdict":{"text":"Failed after 2.06 s with its start (ValueError): 812 ms for its sandbox to start."},"trace":{"start":"0","end":"2055000000","spans_total":4,"hops":[{"request_id":"other","waited":null,"attempt":1,"attempts":1},
            {"request_id":"one","waited":"1490000000","attempt":2,"attempts":3}],"warnings":["1 span was repaired"],
            "spans":[{"service":"checkout","name":"init","status":"unset","critical_time":"812000000"},
            {"service":"checkout","name":"checkout","status":"error","critical_time":"0"},
            {"service":"checkout","name":"SELECT","status":"unset","critical_time":"600000000"},
            {"service":"checkout","name":"SELECT","status":"unset","critical_time":"643000000"}],
            "findings":[{"title":"2 calls","text":"SELECT.","gain":"600000000","confidence":"low"}]}}"#;
        let detail: Detail = read(reply).expect("a reply");
        let mut out = format!(
            "{}\n{}\n",
            headline(&detail.invocation),
            detail.verdict.text
        );
        draw_hops(&detail, &mut out);
        explain(&detail.trace, &mut out);
        insta::assert_snapshot!(out);
    }
}
