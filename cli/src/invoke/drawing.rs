//! An invocation for people: a line on how it went, its tree with bars in time, its log, its reply.

use std::fmt::Write as _;
use std::time::Duration;

use coldtrace_analysis::{Node, Trace};
use coldtrace_model::{Outcome, Span, StatusCode, UnixNanos};
use coldtrace_sandbox::Invoked;

use super::heard::Told;
use crate::api::plain;

/// Columns of names, tree included.
const NAMES: usize = 46;
/// Columns of time.
const BARS: usize = 40;
/// Spans that are shown.
const MOST: usize = 200;
/// Findings that are shown.
const GAINS: usize = 5;
/// Of a reply, in characters.
const LONGEST_REPLY: usize = 2_000;

/// How it is written.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) is_colored: bool,
}

// === impl Style ===

impl Style {
    fn put(self, code: &str, text: &str) -> String {
        match self.is_colored && !text.is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    fn bad(self, text: &str) -> String {
        self.put("31", text)
    }

    fn faint(self, text: &str) -> String {
        self.put("2", text)
    }

    fn strong(self, text: &str) -> String {
        self.put("1", text)
    }
}

pub(super) fn draw(invoked: &Invoked, told: &Told, style: Style) -> String {
    let mut out = format!("\n{}\n", headline(invoked, told, style));
    tree(&told.trace, style, &mut out);
    gains(told, style, &mut out);
    for warning in &told.trace.warnings {
        push(&mut out, &style.faint(&format!("  note: {warning}")));
    }
    for line in &told.logs {
        let since = line.time.since(told.trace.start);
        let at = style.faint(&format!("  log {:>9}  ", length(since.into())));
        let body = line
            .body
            .trim_end()
            .replace(['\n', '\r'], "\n                 ");
        push(&mut out, &format!("{at}{body}"));
    }
    let reply = String::from_utf8_lossy(&invoked.payload);
    let reply: String = reply.chars().take(LONGEST_REPLY).collect();
    match &invoked.error {
        Some(error) => push(&mut out, &format!("  {}", style.bad(&error.to_string()))),
        None => push(&mut out, &format!("  {} {reply}", style.faint("reply"))),
    }
    out
}

/// `checkout  ok  cold start 269 ms  142 ms  billed 412 ms  47 of 128 MB  request id`
fn headline(invoked: &Invoked, told: &Told, style: Style) -> String {
    let report = &invoked.report;
    let known = told.invocation.as_ref();
    let outcome = match report.status {
        Outcome::Ok => report.status.as_str().to_owned(),
        failed => style.bad(failed.as_str()),
    };
    let start = match (report.cold, report.init, report.restore) {
        (false, _, _) => "warm".to_owned(),
        (true, Some(init), _) => format!("cold start {}", length(init)),
        (true, None, Some(restore)) => format!("restored {}", length(restore)),
        (true, None, None) => "cold start inside".to_owned(),
    };
    let limit = known.and_then(|known| known.memory);
    let limit = limit.map_or_else(String::new, |limit| format!(" of {}", limit.as_mib()));
    let billed = match report.billed.as_millis() {
        // Managed instances are not paid for by invocation.
        0 => String::new(),
        millis => format!("billed {millis} ms"),
    };
    let parts = [
        style.strong(known.map_or("function", |known| &known.function)),
        outcome,
        start,
        length(report.duration),
        billed,
        format!("{}{limit} MB", report.max_memory.as_mib()),
        style.faint(invoked.request_id.as_str()),
    ];
    let told = parts.iter().filter(|part| !part.is_empty());
    told.map(String::as_str).collect::<Vec<_>>().join("  ")
}

fn tree(trace: &Trace, style: Style, out: &mut String) {
    let ends = last_children(trace);
    // Whether a line goes on at each depth.
    let mut rails: Vec<bool> = Vec::new();
    for (place, node) in trace.nodes.iter().enumerate().take(MOST) {
        let depth = node.depth as usize;
        rails.truncate(depth);
        let branch: String = match depth {
            0 => String::new(),
            _ => {
                let above = rails.iter().skip(1);
                let above = above.map(|goes_on| if *goes_on { "│  " } else { "   " });
                let own = if ends[place] { "└─ " } else { "├─ " };
                above.chain([own]).collect()
            }
        };
        rails.push(!ends[place]);
        let span = &trace.spans[node.span];
        push(out, &row(trace, node, span, &branch, style));
    }
    if let Some(more @ 1..) = trace.nodes.len().checked_sub(MOST) {
        push(out, &style.faint(&format!("  {more} more spans")));
    }
}

/// What would make it faster, a line each.
fn gains(told: &Told, style: Style, out: &mut String) {
    let findings = coldtrace_analysis::findings(&told.trace, told.invocation.as_slice());
    for finding in findings.iter().take(GAINS) {
        let words = finding.words(&told.trace);
        let gain = style.faint(&format!("  gain {:>8}  ", length(finding.gain.into())));
        let text = plain(&words.text);
        push(
            out,
            &format!("{gain}{}: {text}", style.strong(&words.title)),
        );
    }
}

fn row(trace: &Trace, node: &Node, span: &Span, branch: &str, style: Style) -> String {
    let room = NAMES.saturating_sub(branch.chars().count());
    let name = fitted(&span.name, room);
    let is_bad = span.status.code == StatusCode::Error;
    let shown = match is_bad {
        true => style.bad(&name),
        false => name,
    };
    let took = length(span.end.since(span.start).into());
    let bar = bar(trace, span.start, span.end);
    // On the critical path it is to blame for some of the time.
    let bar = match node.critical_time.0 > 0 {
        true => bar,
        false => style.faint(&bar),
    };
    let why = match is_bad && !span.status.message.is_empty() {
        true => style.bad(&format!(
            "  {}",
            fitted(&span.status.message, 60).trim_end()
        )),
        false => String::new(),
    };
    format!("  {}{shown} {took:>9}  {bar}{why}", style.faint(branch))
}

/// Which nodes are the last of their parent's children.
fn last_children(trace: &Trace) -> Vec<bool> {
    let mut last = vec![None; trace.nodes.len()];
    for (place, node) in trace.nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            last[parent] = Some(place);
        }
    }
    let mut ends = vec![false; trace.nodes.len()];
    for place in last.into_iter().flatten() {
        ends[place] = true;
    }
    ends
}

/// A stretch of the trace's time: at least a sliver.
fn bar(trace: &Trace, start: UnixNanos, end: UnixNanos) -> String {
    let whole = trace.end.since(trace.start).0.max(1) as f64;
    let column = |time: UnixNanos| {
        let share = time.since(trace.start).0 as f64 / whole;
        ((share * BARS as f64).round() as usize).min(BARS)
    };
    let (from, to) = (column(start).min(BARS - 1), column(end));
    match to > from {
        true => format!("{}{}", " ".repeat(from), "█".repeat(to - from)),
        false => format!("{}▏", " ".repeat(from)),
    }
}

/// Cut or filled up to a number of columns; control characters don't reach the terminal.
fn fitted(text: &str, columns: usize) -> String {
    let shown: Vec<char> = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    match shown.len() > columns {
        true => {
            let kept = shown.iter().take(columns.saturating_sub(1));
            kept.chain(['…'].iter()).collect()
        }
        false => {
            let kept: String = shown.iter().collect();
            format!("{kept}{}", " ".repeat(columns - shown.len()))
        }
    }
}

fn length(length: Duration) -> String {
    let millis = length.as_secs_f64() * 1e3;
    match millis {
        ..100.0 => format!("{millis:.2} ms"),
        ..10_000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", millis / 1e3),
    }
}

fn push(out: &mut String, line: &str) {
    // Writing to a string does not fail.
    writeln!(out, "{}", line.trim_end()).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_bring_no_control_characters() {
        assert_eq!(fitted("ab", 4), "ab  ");
        assert_eq!(fitted("abcdef", 4), "abc…");
        assert_eq!(fitted("a\u{1b}[31m", 8), "a [31m  ");
        assert_eq!(length(Duration::from_micros(1_234)), "1.23 ms");
        assert_eq!(length(Duration::from_millis(1_234)), "1234 ms");
        assert_eq!(length(Duration::from_secs(75)), "75.0 s");
    }
}
