//! `coldtrace explain`: where the time of an invocation or a trace went, and what would make it faster.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use serde::Deserialize;

use crate::api::{Api, Service, escaped, length, nanos, plain, read};
use crate::failure::Failure;
use crate::settings::say;

/// Of what was waited for, so many are told.
const SHARES: usize = 8;

/// `coldtrace explain`.
#[derive(Args)]
pub(crate) struct ExplainArguments {
    /// A request id, or a trace id.
    id: String,
    #[command(flatten)]
    service: Service,
    /// The service's own reply.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Detail {
    invocation: Invocation,
    trace: Trace,
}

#[derive(Deserialize)]
struct Invocation {
    function: String,
    outcome: String,
    cold: String,
    duration: Option<String>,
    billed: Option<String>,
    init: Option<String>,
    memory_bytes: Option<String>,
    max_memory_bytes: Option<String>,
    error_type: String,
}

#[derive(Deserialize)]
struct Trace {
    start: String,
    end: String,
    spans: Vec<Span>,
    spans_total: u64,
    findings: Vec<Finding>,
    warnings: Vec<String>,
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

/// Runs it.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    let (reply, is_invocation) = asked(&arguments.service.api()?, &arguments.id)?;
    if arguments.json {
        return say(&format!("{reply}\n"));
    }
    let mut out = String::new();
    let trace = match is_invocation {
        true => {
            let detail: Detail = read(&reply)?;
            writeln!(out, "{}", headline(&detail.invocation)).ok();
            detail.trace
        }
        false => read(&reply)?,
    };
    explain(&trace, &mut out);
    say(&out)
}

/// What has that id, and whether it is an invocation.
fn asked(api: &Api, id: &str) -> Result<(String, bool), Failure> {
    if let Some(reply) = api.get(&format!("invocations/{}", escaped(id)))? {
        return Ok((reply, true));
    }
    let is_trace_id = id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let trace = match is_trace_id {
        true => api.get(&format!("traces/{id}"))?,
        false => None,
    };
    let unknown = || {
        Failure::Told(format!(
            "nothing has the id {id}, neither an invocation nor a trace"
        ))
    };
    trace.map(|reply| (reply, false)).ok_or_else(unknown)
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
        let reply = r#"{"invocation":{"function":"checkout","outcome":"error","cold":"on_demand","duration":"1243000000",
            "billed":"2056000000","init":"812000000","memory_bytes":"536870912","max_memory_bytes":"311427072",
            "error_type":"ValueError"},"trace":{"start":"0","end":"2055000000","spans_total":4,"warnings":["1 span was repaired"],
            "spans":[{"service":"checkout","name":"init","status":"unset","critical_time":"812000000"},
            {"service":"checkout","name":"checkout","status":"error","critical_time":"0"},
            {"service":"checkout","name":"SELECT","status":"unset","critical_time":"600000000"},
            {"service":"checkout","name":"SELECT","status":"unset","critical_time":"643000000"}],
            "findings":[{"title":"2 calls","text":"SELECT.","gain":"600000000","confidence":"low"}]}}"#;
        let detail: Detail = read(reply).expect("a reply");
        let mut out = headline(&detail.invocation);
        out.push('\n');
        explain(&detail.trace, &mut out);
        insta::assert_snapshot!(out);
    }
}
