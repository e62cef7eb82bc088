//! `coldtrace search`: traces by a query, the latest first.

use std::fmt::Write as _;

use clap::Args;
use coldtrace_model::{Nanos, UnixNanos};
use serde::Deserialize;

use crate::api::{Service, age, escaped, length, nanos, plain, reach, read};
use crate::failure::Failure;
use crate::settings::say;

/// Of a trace, spans that are shown.
const SPANS: usize = 5;

/// `coldtrace search`.
#[derive(Args)]
pub(crate) struct SearchArguments {
    /// In TraceQL, such as '{ resource.service.name = "checkout" && duration > 1s }'; docs/guides/search.md says what there is.
    query_text: String,
    /// How far back, such as 15m, 6h or 7d.
    #[arg(long, default_value = "1h", value_parser = reach)]
    last: Nanos,
    /// At most so many traces.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    #[command(flatten)]
    service: Service,
    /// The service's own reply.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Reply {
    traces: Vec<Trace>,
    next_cursor: Option<String>,
    looked_at: u64,
    searched_from: String,
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Trace {
    trace_id: String,
    start: String,
    duration: String,
    root_service: String,
    root_name: String,
    spans: String,
    errors: String,
    spansets: Vec<Spanset>,
}

#[derive(Deserialize)]
struct Spanset {
    matched: String,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    service: String,
    name: String,
    duration: String,
    status: String,
}

/// Runs it.
pub(crate) fn run(arguments: &SearchArguments) -> Result<(), Failure> {
    let query = &arguments.query_text;
    // Told here, where the text can be drawn with what is wrong in it.
    if let Err(error) = coldtrace_traceql::parse(query) {
        return Err(Failure::Told(format!(
            "this is no query\n{}",
            error.pointing(query)
        )));
    }
    let now = UnixNanos::now();
    let path = format!(
        "search?q={}&from={}&to={}&limit={}",
        escaped(query),
        now.minus(arguments.last).0,
        now.0,
        arguments.limit
    );
    let api = arguments.service.api()?;
    let reply = api.get(&path)?.unwrap_or_default();
    match arguments.json {
        true => say(&format!("{reply}\n")),
        false => say(&told(&read(&reply)?, now)),
    }
}

fn told(reply: &Reply, now: UnixNanos) -> String {
    let mut out = String::new();
    for trace in &reply.traces {
        draw(trace, now, &mut out);
    }
    let back = now.since(UnixNanos(nanos(&reply.searched_from)));
    let more = if reply.next_cursor.is_some() {
        ", and there is more before"
    } else {
        ""
    };
    writeln!(
        out,
        "{}{more}; {} looked at, {} back",
        match reply.traces.len() {
            1 => "1 trace".to_owned(),
            many => format!("{many} traces"),
        },
        reply.looked_at,
        age(back.0)
    )
    .ok();
    for warning in &reply.warnings {
        writeln!(out, "note: {}", plain(warning)).ok();
    }
    out
}

fn draw(trace: &Trace, now: UnixNanos, out: &mut String) {
    let ago = now.since(UnixNanos(nanos(&trace.start)));
    let failed = match trace.errors.as_str() {
        "0" => String::new(),
        errors => format!(", {errors} failed"),
    };
    writeln!(
        out,
        "{}  {} {}  {}, {} ago, {} spans{failed}",
        trace.trace_id,
        plain(&trace.root_service),
        plain(&trace.root_name),
        length(nanos(&trace.duration)),
        age(ago.0),
        trace.spans,
    )
    .ok();
    for spanset in &trace.spansets {
        for span in spanset.spans.iter().take(SPANS) {
            let failed = if span.status == "error" {
                "  failed"
            } else {
                ""
            };
            let (service, name) = (plain(&span.service), plain(&span.name));
            writeln!(
                out,
                "    {:>8}  {service} {name}{failed}",
                length(nanos(&span.duration))
            )
            .ok();
        }
        let matched = usize::try_from(nanos(&spanset.matched)).unwrap_or(usize::MAX);
        if matched > SPANS {
            writeln!(out, "              and {} more", matched - SPANS).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_told_a_trace_a_line() {
        let reply = r#"{"traces":[{"trace_id":"ab","start":"1000000000","duration":"1243000000","root_service":"shop",
            "root_name":"POST /\u001b[31m","spans":"20","errors":"1","spansets":[{"matched":"7","values":[],"spans":[
            {"span_id":"01","service":"shop","name":"SELECT","start":"0","duration":"5000","status":"error","values":[]}]}]}],
            "next_cursor":"x","looked_at":64,"searched_from":"0","warnings":["it took too long"]}"#;
        let reply: Reply = read(reply).expect("a reply");
        insta::assert_snapshot!(told(&reply, UnixNanos(61_000_000_000)));
    }
}
