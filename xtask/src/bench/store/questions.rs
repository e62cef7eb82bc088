//! What people ask, of both schemas: how long the answers take, and how much is read for them.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};

use super::server::Server;
use super::{Load, Programs, ours, theirs};
use crate::bench::{Figures, percentile, rounded};

/// Of each kind.
const QUESTIONS: usize = 40;
const HOUR: u64 = 3_600_000_000_000;
const DAY: u64 = 24 * HOUR;
// DESIGN 10.
const P95_MS: f64 = 100.0;

/// A kind of question.
struct Kind {
    name: &'static str,
    questions: Vec<Question>,
}

/// In the words of the reader's example, and as people ask OpenTelemetry's tables.
struct Question {
    ours: String,
    theirs: String,
}

/// What the answers to a kind of question took.
struct Took {
    millis: Vec<f64>,
    /// For each question.
    rows: f64,
    bytes: f64,
}

/// Settles our derived tables, as the query service does in the background; the seconds that it took.
pub(in crate::bench) fn settle(programs: &Programs, server: &Server) -> anyhow::Result<f64> {
    let millis = reader(programs, server, "settle\n")?;
    Ok(millis.iter().sum::<f64>() / 1e3)
}

/// Asks everything twice, and counts the second time.
pub(super) fn ask(
    programs: &Programs,
    server: &Server,
    load: &Load,
    name: &dyn Fn(&str) -> String,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    for kind in kinds(server, load)? {
        eprintln!("-- {}", kind.name);
        let ours = twice(server, ours::DATABASE, &kind, || {
            kind.ask_ours(programs, server)
        })?;
        let theirs = twice(server, theirs::DATABASE, &kind, || kind.ask_theirs(server))?;
        let title = |what: &str| name(&format!("{} {what}", kind.name));
        figures.add(&title("p50_ms"), rounded(ours.percentile(50)));
        figures.at_most(&title("p95_ms"), ours.percentile(95), P95_MS);
        figures.add(&title("rows"), ours.rows.round());
        figures.add(&title("kib"), (ours.bytes / 1024.0).round());
        figures.add(&title("otel_p50_ms"), rounded(theirs.percentile(50)));
        figures.add(&title("otel_p95_ms"), rounded(theirs.percentile(95)));
        figures.add(&title("otel_rows"), theirs.rows.round());
        figures.add(&title("otel_kib"), (theirs.bytes / 1024.0).round());
        figures.at_most(
            &title("p95_share_of_otel"),
            ours.percentile(95) / theirs.percentile(95).max(f64::MIN_POSITIVE),
            1.0,
        );
    }
    Ok(())
}

fn twice(
    server: &Server,
    database: &str,
    kind: &Kind,
    ask: impl Fn() -> anyhow::Result<Vec<f64>>,
) -> anyhow::Result<Took> {
    ask()?;
    let since = server.number("SELECT toUnixTimestamp64Micro(now64(6))")?;
    let millis = ask()?;
    let read = server.read_since(database, since)?;
    let questions = kind.questions.len() as f64;
    Ok(Took {
        rows: read.rows / questions,
        bytes: read.bytes / questions,
        millis,
    })
}

/// Questions about what is there, chosen by a hash.
fn kinds(server: &Server, load: &Load) -> anyhow::Result<Vec<Kind>> {
    let (from, to) = (load.range.start, load.range.end);
    let chosen = |query: &str| server.rows(&format!("{query} LIMIT {QUESTIONS}"));
    let kind = |name, rows: Vec<Vec<String>>, question: &dyn Fn(&[String]) -> Question| Kind {
        name,
        questions: rows.iter().map(|row| question(row)).collect(),
    };
    let hours = chosen(&format!(
        "SELECT {from} + cityHash64(number) % {} FROM numbers({QUESTIONS})",
        to - from - HOUR
    ))?;
    let attributes = chosen(
        "SELECT toUnixTimestamp64Nano(ts), key, value FROM (
            SELECT ts, mapKeys(attrs) AS keys, mapValues(attrs) AS all_values,
                1 + cityHash64(span_id, 1) % length(keys) AS place, keys[place] AS key, all_values[place] AS value
            FROM coldtrace.spans WHERE cityHash64(span_id) % 2000 = 0)",
    )?;
    let equal = |from: u64, to: u64, key: &str, value: &str| Question {
        ours: format!("attribute {from} {to} {key} {value}"),
        theirs: format!(
            "SELECT * FROM otel.otel_traces WHERE {} AND SpanAttributes['{key}'] = '{value}'
            ORDER BY Timestamp DESC LIMIT 50",
            within(from, to)
        ),
    };
    let around = |row: &[String]| {
        let at: u64 = row[0].parse().unwrap_or(to);
        let begin = at.saturating_sub(3 * HOUR).max(from);
        equal(begin, begin + 6 * HOUR, &row[1], &row[2])
    };
    let functions =
        chosen("SELECT function FROM coldtrace.invocations GROUP BY function ORDER BY function")?;
    let days = (from..to).step_by(usize::try_from(DAY)?);
    let days = days.map(|day| vec![day.to_string()]).collect();
    Ok(vec![
        kind(
            "trace_by_id",
            chosen(
                "SELECT DISTINCT lower(hex(trace_id)) AS id FROM coldtrace.trace_index
                WHERE cityHash64(trace_id) % 500 = 0",
            )?,
            &|row| {
                Question {
                ours: format!("trace {}", row[0]),
                theirs: format!(
                    "WITH '{0}' AS id,
                        (SELECT min(Start) FROM otel.otel_traces_trace_id_ts WHERE TraceId = id) AS begin,
                        (SELECT max(End) + 1 FROM otel.otel_traces_trace_id_ts WHERE TraceId = id) AS end
                    SELECT * FROM otel.otel_traces
                    WHERE TraceId = id AND Timestamp >= begin AND Timestamp <= end ORDER BY Timestamp",
                    row[0]
                ),
            }
            },
        ),
        kind(
            "invocation_by_request_id",
            chosen(
                "SELECT DISTINCT request_id FROM coldtrace.request_index
                WHERE cityHash64(request_id) % 500 = 0",
            )?,
            &|row| Question {
                ours: format!("request {}", row[0]),
                theirs: format!(
                    "SELECT * FROM otel.otel_traces WHERE {}
                        AND SpanAttributes['faas.invocation_id'] = '{}' LIMIT 50",
                    within(from, to),
                    row[0]
                ),
            },
        ),
        kind("newest_50_of_function", functions.clone(), &|row| {
            Question {
                ours: format!("newest {from} {to} {}", row[0]),
                theirs: format!(
                    "SELECT * FROM otel.otel_traces WHERE {} AND ServiceName = '{}' AND SpanKind = 'Server'
                    ORDER BY Timestamp DESC LIMIT 50",
                    within(from, to),
                    row[0]
                ),
            }
        }),
        kind("slowest_50_in_an_hour", hours, &|row| {
            let begin: u64 = row[0].parse().unwrap_or(from);
            Question {
                ours: format!("slowest {begin} {}", begin + HOUR),
                theirs: format!(
                    "SELECT * FROM otel.otel_traces WHERE {} AND SpanKind = 'Server'
                    ORDER BY Duration DESC LIMIT 50",
                    within(begin, begin + HOUR)
                ),
            }
        }),
        kind("attribute_over_6_hours", attributes.clone(), &around),
        kind("attribute_over_7_days", attributes, &|row| {
            equal(from, to, &row[1], &row[2])
        }),
        kind("percentiles_and_heatmap_over_7_days", functions, &|row| {
            Question {
                ours: format!("series {from} {to} {}", row[0]),
                theirs: format!(
                    "SELECT toStartOfHour(Timestamp) AS t, ceil(log2(Duration / 1000 + 1) * 32) AS b, count()
                    FROM otel.otel_traces WHERE {} AND ServiceName = '{}' AND SpanKind = 'Server'
                    GROUP BY t, b ORDER BY t, b",
                    within(from, to),
                    row[0]
                ),
            }
        }),
        kind("service_map_over_a_day", days, &|row| {
            let begin: u64 = row[0].parse().unwrap_or(from);
            let end = begin + DAY;
            let spans = |columns: &str| {
                let within = within(begin, end);
                format!("(SELECT TraceId, {columns} FROM otel.otel_traces WHERE {within})")
            };
            Question {
                ours: format!("map {begin} {end}"),
                theirs: format!(
                    "SELECT src, dst, count(), countIf(StatusCode = 'Error'), quantiles(0.5, 0.95)(Duration)
                    FROM {} AS callee JOIN {} AS caller USING (TraceId, id)
                    WHERE src != dst GROUP BY src, dst ORDER BY src, dst",
                    spans("ParentSpanId AS id, ServiceName AS dst, Duration, StatusCode"),
                    spans("SpanId AS id, ServiceName AS src")
                ),
            }
        }),
    ])
}

/// The reader's example times itself: a line of nanoseconds for every question. Milliseconds.
fn reader(programs: &Programs, server: &Server, lines: &str) -> anyhow::Result<Vec<f64>> {
    let mut child = Command::new(&programs.questions)
        .arg(&server.url)
        .arg(ours::DATABASE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("start the reader's example")?;
    // Dropped at once: that is the end of its questions.
    let written = child
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(lines.as_bytes()));
    written.transpose().context("ask the reader's example")?;
    let output = child
        .wait_with_output()
        .context("wait for the reader's example")?;
    if !output.status.success() {
        bail!("the reader's example failed");
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let millis = |line: &str| line.parse::<f64>().map(|nanos| nanos / 1e6);
    let millis = printed.lines().map(millis).collect::<Result<Vec<f64>, _>>();
    millis.with_context(|| format!("the reader's example printed `{printed}`"))
}

fn within(from: u64, to: u64) -> String {
    format!(
        "Timestamp >= fromUnixTimestamp64Nano({from}, 'UTC') AND Timestamp < fromUnixTimestamp64Nano({to}, 'UTC')"
    )
}

// === impl Kind ===

impl Kind {
    fn ask_ours(&self, programs: &Programs, server: &Server) -> anyhow::Result<Vec<f64>> {
        let lines = self.questions.iter().map(|one| format!("{}\n", one.ours));
        reader(programs, server, &lines.collect::<String>())
    }

    fn ask_theirs(&self, server: &Server) -> anyhow::Result<Vec<f64>> {
        let ask = |question: &Question| {
            let started = Instant::now();
            server.run(&question.theirs, "&default_format=RowBinary", &[])?;
            Ok(started.elapsed().as_secs_f64() * 1e3)
        };
        self.questions.iter().map(ask).collect()
    }
}

// === impl Took ===

impl Took {
    fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.millis.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        percentile(&sorted, percent)
    }
}
