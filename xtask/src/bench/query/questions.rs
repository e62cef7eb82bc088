//! What the API is asked: each of its paths, with what people ask there.

use std::ops::Range;

use anyhow::ensure;

use crate::bench::store::Server;

const HOUR: u64 = 3_600_000_000_000;
const DAY: u64 = 24 * HOUR;

/// For the questions that the store is measured by as well (DESIGN 10).
const STORE_MS: f64 = 100.0;
/// For all others.
const OTHER_MS: f64 = 1_000.0;

/// A kind of question.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) most_millis: f64,
    /// Asked first, and not counted.
    pub(super) before: Vec<String>,
    pub(super) asked: Vec<String>,
}

/// What questions are about, chosen by a hash.
struct Chosen {
    range: Range<u64>,
    count: u64,
    functions: Vec<String>,
    traces: Vec<String>,
    requests: Vec<String>,
    /// When, key and value.
    attributes: Vec<(u64, String, String)>,
}

/// The questions of all paths. Every path of the API is here, but for streams.
pub(super) fn kinds(server: &Server, range: &Range<u64>, count: u64) -> anyhow::Result<Vec<Kind>> {
    let chosen = Chosen::read(server, range.clone(), count)?;
    let all = |length: u64| move |chosen: &Chosen, number: u64| chosen.within(number, length);
    let week = |chosen: &Chosen, _: u64| chosen.whole();
    let kind = |name, most_millis, path: &dyn Fn(&Chosen, u64) -> String| {
        let paths = |numbers: Range<u64>| numbers.map(|number| path(&chosen, number)).collect();
        Kind {
            name,
            most_millis,
            before: paths(0..count),
            asked: paths(count..2 * count),
        }
    };
    let (hour, six, day) = (all(HOUR), all(6 * HOUR), all(DAY));
    let kinds = vec![
        kind("trace_by_id", STORE_MS, &|it, n| {
            format!("/api/v1/traces/{}", it.trace(n))
        }),
        kind("usual_lengths_of_trace", OTHER_MS, &|it, n| {
            format!("/api/v1/traces/{}/operations", it.trace(n))
        }),
        kind("invocation_by_request_id", STORE_MS, &|it, n| {
            format!("/api/v1/invocations/{}", it.request(n))
        }),
        kind("newest_50_of_function_over_7_days", STORE_MS, &|it, n| {
            format!(
                "/api/v1/invocations?{}&function={}&limit=50",
                week(it, n),
                it.function(n)
            )
        }),
        kind("slowest_50_in_an_hour", STORE_MS, &|it, n| {
            format!("/api/v1/invocations?{}&sort=slowest&limit=50", hour(it, n))
        }),
        kind("attribute_over_6_hours", STORE_MS, &|it, n| {
            let (at, key, value) = it.attribute(n);
            let from = at.saturating_sub(3 * HOUR).max(it.range.start);
            it.search(&equal(key, value), &asked(from, from + 6 * HOUR))
        }),
        kind("attribute_over_7_days", STORE_MS, &|it, n| {
            let (_, key, value) = it.attribute(n);
            it.search(&equal(key, value), &it.whole())
        }),
        kind("function_over_7_days", STORE_MS, &|it, n| {
            format!("/api/v1/functions/{}?{}", it.function(n), week(it, n))
        }),
        kind("map_over_a_day", STORE_MS, &|it, n| {
            format!("/api/v1/map?{}", day(it, n))
        }),
        kind("map_over_7_days", OTHER_MS, &|it, n| {
            format!("/api/v1/map?{}", week(it, n))
        }),
        kind("functions_over_a_day", OTHER_MS, &|it, n| {
            format!("/api/v1/functions?{}", day(it, n))
        }),
        kind("functions_over_7_days_by_cost", OTHER_MS, &|it, n| {
            format!("/api/v1/functions?{}&sort=cost", week(it, n))
        }),
        kind("changes_over_a_day", OTHER_MS, &|it, n| {
            format!("/api/v1/changes?{}", day(it, n))
        }),
        kind("cold_starts_over_a_day", OTHER_MS, &|it, n| {
            format!("/api/v1/cold-starts?{}", day(it, n))
        }),
        kind("findings_over_a_day", OTHER_MS, &|it, n| {
            format!("/api/v1/findings?{}", day(it, n))
        }),
        kind("function_findings_over_a_day", OTHER_MS, &|it, n| {
            format!(
                "/api/v1/functions/{}/findings?{}",
                it.function(n),
                day(it, n)
            )
        }),
        kind("function_sandboxes_over_6_hours", OTHER_MS, &|it, n| {
            format!(
                "/api/v1/functions/{}/sandboxes?{}",
                it.function(n),
                six(it, n)
            )
        }),
        kind("failed_over_a_day", OTHER_MS, &|it, n| {
            format!(
                "/api/v1/invocations?{}&outcome=error,timeout,oom&limit=50",
                day(it, n)
            )
        }),
        kind("cold_over_a_day", OTHER_MS, &|it, n| {
            format!("/api/v1/invocations?{}&cold=true&limit=50", day(it, n))
        }),
        kind("long_invocations_of_6_hours", OTHER_MS, &|it, n| {
            format!(
                "/api/v1/invocations?{}&min_duration=1000000000&limit=50",
                six(it, n)
            )
        }),
        kind("invocations_by_errors_in_6_hours", OTHER_MS, &|it, n| {
            format!("/api/v1/invocations?{}&sort=errors&limit=50", six(it, n))
        }),
        kind("invocations_by_cost_in_6_hours", OTHER_MS, &|it, n| {
            format!("/api/v1/invocations?{}&sort=cost&limit=50", six(it, n))
        }),
        kind("newest_traces_of_a_day", OTHER_MS, &|it, n| {
            format!("/api/v1/traces?{}&limit=50", day(it, n))
        }),
        kind("slowest_traces_of_6_hours", OTHER_MS, &|it, n| {
            format!("/api/v1/traces?{}&sort=slowest&limit=50", six(it, n))
        }),
        kind("errors_by_query_over_a_day", OTHER_MS, &|it, n| {
            it.search("{ status = error }", &day(it, n))
        }),
        kind("slow_by_query_in_6_hours", OTHER_MS, &|it, n| {
            it.search("{ kind = server && duration > 2s }", &six(it, n))
        }),
        kind("descendants_in_an_hour", OTHER_MS, &|it, n| {
            it.search("{ kind = server } >> { status = error }", &hour(it, n))
        }),
        kind("counted_in_an_hour", OTHER_MS, &|it, n| {
            it.search("{ kind = client } | count() > 5", &hour(it, n))
        }),
        kind("suggested_keys", OTHER_MS, &|it, n| {
            suggest("{ span.", &hour(it, n))
        }),
        kind("suggested_values", OTHER_MS, &|it, n| {
            let (_, key, _) = it.attribute(n);
            suggest(&format!("{{ span.{key} = "), &hour(it, n))
        }),
        kind("newest_lines_of_an_hour", OTHER_MS, &|it, n| {
            format!("/api/v1/logs?{}", hour(it, n))
        }),
        kind("lines_with_words_in_6_hours", OTHER_MS, &|it, n| {
            format!(
                "/api/v1/logs?{}&words=customer+{}",
                six(it, n),
                n * 977 % 100_000
            )
        }),
        kind(
            "failing_lines_of_a_function_over_a_day",
            OTHER_MS,
            &|it, n| {
                format!(
                    "/api/v1/logs?{}&function={}&severity=error",
                    day(it, n),
                    it.function(n)
                )
            },
        ),
        kind("compare_slowest_over_a_day", OTHER_MS, &|it, n| {
            format!(
                "/api/v1/compare?{}&function={}&slowest=0.05",
                day(it, n),
                it.function(n)
            )
        }),
        kind("compare_errors_of_all_in_6_hours", OTHER_MS, &|it, n| {
            format!("/api/v1/compare?{}&outcome=error", six(it, n))
        }),
        kind("compare_paths_over_a_day", OTHER_MS, &|it, n| {
            format!(
                "/api/v1/compare/paths?{}&function={}&slowest=0.05",
                day(it, n),
                it.function(n)
            )
        }),
    ];
    Ok(kinds)
}

/// A text never equals a truth.
fn equal(key: &str, value: &str) -> String {
    match value {
        "true" | "false" => format!("{{ span.{key} = {value} }}"),
        text => format!("{{ span.{key} = \"{text}\" }}"),
    }
}

fn asked(from: u64, to: u64) -> String {
    format!("from={from}&to={to}")
}

fn suggest(typed: &str, within: &str) -> String {
    format!("/api/v1/search/suggest?{within}&q={}", encoded(typed))
}

/// As it stands in a query string.
fn encoded(text: &str) -> String {
    let bytes = text.bytes();
    let encoded = bytes.map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    encoded.collect()
}

// === impl Chosen ===

impl Chosen {
    fn read(server: &Server, range: Range<u64>, count: u64) -> anyhow::Result<Self> {
        let most = 2 * count;
        let first = |query: &str| -> anyhow::Result<Vec<String>> {
            let rows = server.rows(query)?;
            ensure!(
                !rows.is_empty(),
                "nothing is stored that could be asked for"
            );
            Ok(rows
                .into_iter()
                .filter_map(|row| row.into_iter().next())
                .collect())
        };
        let attributes = server.rows(&format!(
            "SELECT toUnixTimestamp64Nano(ts), key, value FROM (
                SELECT ts, mapKeys(attrs) AS keys, mapValues(attrs) AS all_values,
                    1 + cityHash64(span_id, 1) % length(keys) AS place, keys[place] AS key, all_values[place] AS value
                FROM coldtrace.spans WHERE cityHash64(span_id) % 2000 = 0)
            WHERE match(value, '^[a-zA-Z][-a-zA-Z0-9_./ ]*$') LIMIT {most}"
        ))?;
        let attributes = attributes.into_iter().filter_map(|row| {
            let mut row = row.into_iter();
            Some((row.next()?.parse().ok()?, row.next()?, row.next()?))
        });
        Ok(Self {
            functions: first(
                "SELECT function FROM coldtrace.invocations GROUP BY function ORDER BY function",
            )?,
            traces: first(&format!(
                "SELECT DISTINCT lower(hex(trace_id)) FROM coldtrace.trace_index
                WHERE cityHash64(trace_id) % 500 = 0 LIMIT {most}"
            ))?,
            requests: first(&format!(
                "SELECT DISTINCT request_id FROM coldtrace.request_index WHERE cityHash64(request_id) % 500 = 0 LIMIT {most}"
            ))?,
            attributes: attributes.collect(),
            range,
            count,
        })
    }

    fn whole(&self) -> String {
        asked(self.range.start, self.range.end)
    }

    /// A stretch of this length, one of those that are evenly spread.
    fn within(&self, number: u64, length: u64) -> String {
        let most = self.range.end - self.range.start - length;
        let from = self.range.start + most / (2 * self.count).max(1) * number;
        asked(from, from + length)
    }

    fn search(&self, query: &str, within: &str) -> String {
        format!("/api/v1/search?{within}&limit=50&q={}", encoded(query))
    }

    fn function(&self, number: u64) -> &str {
        chosen(&self.functions, number).as_str()
    }

    fn trace(&self, number: u64) -> &str {
        chosen(&self.traces, number).as_str()
    }

    fn request(&self, number: u64) -> String {
        encoded(chosen(&self.requests, number).as_str())
    }

    fn attribute(&self, number: u64) -> &(u64, String, String) {
        chosen(&self.attributes, number)
    }
}

fn chosen<T>(all: &[T], number: u64) -> &T {
    &all[(number % all.len() as u64) as usize]
}
