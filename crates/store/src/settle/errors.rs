//! Errors that are alike, as SQL: a row for each group of a function in five minutes.
//!
//! An error is an invocation that failed, that is lost, or of whose answering spans one failed; it is one error, however much of that is
//! true. Its type and message are what the span says, where the function itself ended; what the platform ended has a type
//! alone. The platform's own span of an invocation says no more than the invocation and is not asked. A group has in common function, type, and the message without what differs from one error to the next
//! ([`without_what_differs`], which is here and nowhere else). As with functions, settle and the reader compute rows in
//! one way ([`Failed::rows`]).
//!
//! Whatever is sent: of a message a page is looked at, of a span's names the first so many bytes, and a function has no more than so many
//! groups in a window, the rarest of which are one.

use coldtrace_model::{Cold, Outcome, UNTOLD_ERRORS, UnixNanos};

use super::features::{SPANS_AFTER, SPANS_BEFORE, spans_of};
use super::functions::{Filed, twins_of};
use super::{Rollup, SECOND, Window, windows};
use crate::lost;
use crate::reader::sql;

/// Of a row's columns, those that tell a group of a window.
pub(crate) const COLUMNS: &str = "function, t, id, deadline_minute, type, message, seen, outcome, n, cold, versions, \
    first_version, first_ns, last_ns, examples";

/// Requests that show what a group is.
pub(crate) const EXAMPLES: u32 = 3;

/// Groups of a function in a window that are told apart: those with the most errors.
pub(super) const MOST_GROUPS: u32 = 100;
/// The type and the message of all others.
pub(super) const OTHERS: (&str, &str) = ("other", "too many different ones to tell apart");
/// Versions of a group in a window.
const MOST_VERSIONS: u32 = 10;
/// Failed spans of a request that are looked at: one has a handler's span, and perhaps one of what is around it.
const MOST_SPANS: u32 = 8;
/// Rows for examples: a request that is tried again has more than one.
const EXAMPLE_ROWS: u32 = 3 * EXAMPLES;

/// Spans of functions that failed to answer. That of the platform begins first and repeats what the platform told.
pub(crate) const ANSWERED_BADLY: &str = "kind IN (2, 5) AND status = 2 AND phase = ''";

/// In bytes, of a message as it came.
const LONGEST_RAW: u32 = 4_096;
/// In characters, of a message as it is shown.
const LONGEST_SEEN: u32 = 1_000;
/// In characters, of what groups have in common.
const LONGEST_MESSAGE: u32 = 300;
/// In characters, of a type.
const LONGEST_TYPE: u32 = 200;

/// Invocations in the base table, and the spans that may have answered them.
#[derive(Clone)]
pub(crate) struct Failed {
    /// Of whole buckets: which groups are told apart must not depend on what is asked.
    pub(crate) filed: Filed,
    /// The rows of `spans` around them: names tenant, bucket and `ts`.
    pub(crate) spans: String,
    /// Of these invocations, those that are counted: a condition on `ts`.
    pub(crate) counted: String,
}

// === impl Failed ===

impl Failed {
    /// The rows of `error_groups` that these invocations give, without what settle adds: `tenant` and [`COLUMNS`].
    pub(crate) fn rows(&self) -> String {
        let (errors, counted) = (worded(&self.known()), &self.counted);
        let colds = Cold::ALL.iter().filter(|cold| cold.is_waited_for());
        let colds = sql::numbers(colds.map(|cold| cold.number().into()));
        let (other, many) = (sql::text(OTHERS.0), sql::text(OTHERS.1));
        let versions = "CAST(sumMap(told.versions), 'Array(Tuple(String, UInt64))')";
        format!(
            "SELECT tenant, function, t, id, deadline_minute, any(told.type) AS type, any(told.message) AS message,
                argMin(told.seen, (told.first_example, told.first_ns, told.own_id)) AS seen, max(told.outcome) AS outcome,
                sum(told.n) AS n, sum(told.cold) AS cold,
                CAST(arraySlice(arraySort(one -> (-toInt64(one.2), one.1), {versions}), 1, {MOST_VERSIONS}),
                    'Map(String, UInt64)') AS versions,
                argMin(told.first_version, (told.first_ns, told.first_example)) AS first_version,
                min(told.first_ns) AS first_ns, max(told.last_ns) AS last_ns,
                arraySlice(arrayDistinct(arraySlice(arraySort(groupArrayArray(told.examples)), 1, {EXAMPLE_ROWS})), 1, {EXAMPLES}) AS examples
            FROM (
                SELECT * EXCEPT (type, message), if(is_apart, own_id, cityHash64(function, {other}, {many})) AS id,
                    if(is_apart, ranked.type, {other}) AS type, if(is_apart, ranked.message, {many}) AS message
                FROM (
                    SELECT *, deadline_minute != 0 OR dense_rank() OVER (
                        PARTITION BY tenant, function, t, deadline_minute != 0 ORDER BY whole DESC, own_id) <= {MOST_GROUPS} AS is_apart
                    FROM (
                        SELECT *, sum(n) OVER (PARTITION BY tenant, function, t, deadline_minute != 0, own_id) AS whole
                        FROM (
                            SELECT tenant, function, t, own_id, deadline_minute, is_counted, any(error.type) AS type,
                                any(error.message) AS message, argMin(error.seen, (example, filed_ns)) AS seen,
                                max(error.outcome) AS outcome, count() AS n, countIf(error.cold IN {colds}) AS cold,
                                sumMap(map(version, toUInt64(1))) AS versions,
                                argMin(version, (filed_ns, example)) AS first_version,
                                min(filed_ns) AS first_ns, max(filed_ns) AS last_ns, min(example) AS first_example,
                                groupArraySorted({EXAMPLE_ROWS})(example) AS examples
                            FROM (SELECT *, {counted} AS is_counted, (cityHash64(request_id), request_id) AS example FROM ({errors})) AS error
                            GROUP BY tenant, function, t, own_id, deadline_minute, is_counted))
                ) AS ranked
                WHERE is_counted) AS told
            GROUP BY tenant, function, t, id, deadline_minute"
        )
    }

    /// Of which type the error of each of these invocations is that ended by one itself.
    pub(crate) fn types(&self) -> String {
        let (errors, own) = (worded(&self.known()), Outcome::Error.number());
        format!(
            "SELECT CAST(function, 'String') AS function, filed_ns, request_id, type AS error_type
            FROM ({errors}) WHERE outcome = {own}"
        )
    }

    /// Invocations that are errors, or are once they are lost, with what their spans say of it.
    fn known(&self) -> String {
        let (merged, shown, spans) = (
            self.filed.merged(),
            self.filed.shown(),
            self.spans_by_request(),
        );
        let (before, after) = (SPANS_BEFORE * SECOND, SPANS_AFTER * SECOND);
        let (open, deadline) = (lost::OPEN, lost::minute_of("deadline_unix_ns"));
        let (lost, own) = (Outcome::Lost.number(), Outcome::Error.number());
        format!(
            "SELECT tenant, function, toStartOfFiveMinutes(ts) AS t, ts, filed_ns, request_id, version, cold, error_type,
                if(is_open, {deadline}, toUInt32(0)) AS deadline_minute, if(is_open, toUInt8({lost}), known.outcome) AS outcome,
                if(is_own, told.4, '') AS told_type, if(is_own, told.5, '') AS told_message
            FROM (
                SELECT *, notEmpty(near) AND outcome <= {own} AS is_own, empty(near) AND {open} AS is_open,
                    arraySort(span -> (span.5 = '', span.1, span.2, span.3), near)[1] AS told
                FROM (
                    SELECT *, arrayFilter(span -> span.1 + {before} >= filed_ns AND span.1 < filed_ns + {after}, spans) AS near
                    FROM (SELECT * FROM ({merged}) AS filed WHERE {shown}) AS filed
                        LEFT ANY JOIN ({spans}) AS answers USING (tenant, request_id)
                )
            ) AS known
            WHERE outcome > 1 OR notEmpty(near) OR is_open"
        )
    }

    /// What failed spans of each request tell: `spans`, of each when it began, its ids, type and message.
    fn spans_by_request(&self) -> String {
        let (spans, filed) = (&self.spans, &self.filed.filter);
        // As `Featured::pairs_of_spans` knows them.
        let request = "if(request_id != '', request_id, concat(lower(hex(trace_id)), ':', lower(hex(span_id))))";
        let (kind, message) = (span_type(), span_message());
        format!(
            "SELECT tenant, request AS request_id,
                groupArraySorted({MOST_SPANS})((toUInt64(toUnixTimestamp64Nano(ts)), span, trace, type, message)) AS spans
            FROM (
                SELECT tenant, ts, {request} AS request, hex(span_id) AS span, hex(trace_id) AS trace,
                    {kind} AS type, {message} AS message
                FROM spans WHERE {spans} AND {ANSWERED_BADLY}
                    AND (tenant, request) IN (SELECT tenant, request_id FROM invocations WHERE {filed}))
            GROUP BY tenant, request_id"
        )
    }
}

/// A row for each error: of what is known of it, its type, its message as it was seen and without what differs, and its group, `own_id`.
pub(super) fn worded(known: &str) -> String {
    let (said, raw_type) = (
        clean("told_message", LONGEST_SEEN),
        clean("named", LONGEST_TYPE),
    );
    let message = without_what_differs("seen");
    let outcomes = Outcome::ALL.iter();
    let numbers: Vec<String> = outcomes
        .clone()
        .map(|one| one.number().to_string())
        .collect();
    let names: Vec<String> = outcomes.map(|one| sql::text(one.as_str())).collect();
    let (numbers, names) = (numbers.join(", "), names.join(", "));
    let untold = sql::texts(UNTOLD_ERRORS);
    format!(
        "SELECT tenant, function, t, ts, filed_ns, request_id, CAST(version, 'String') AS version, cold, outcome, deadline_minute,
            type, seen, {message} AS message, cityHash64(function, type, message) AS own_id
        FROM (
            SELECT *, if(raw_type = '', transform(outcome, [{numbers}], [{names}], ''), raw_type) AS type,
                multiIf(said = type, '', startsWith(said, concat(type, ': ')), substring(said, length(type) + 3), said) AS seen
            FROM (
                SELECT *, {raw_type} AS raw_type FROM (
                    SELECT *, {said} AS said,
                        arrayFirst(name -> name != '', [told_type, if(error_type IN {untold}, '', error_type),
                            extract(said, '^([A-Za-z_][A-Za-z0-9_.$]*(?:Error|Exception|Failure|Fault))(?:: |$)'), error_type]) AS named
                    FROM ({known}))))"
    )
}

/// Of a failed span, the type of what it failed by; empty if it does not tell.
pub(crate) fn span_type() -> String {
    let event = event_text("exception.type");
    format!(
        "substring(arrayFirst(text -> text != '', [{event}, attrs['exception.type'], attrs['error.type']]), 1, {LONGEST_RAW})"
    )
}

/// Of a failed span, what it says of it; empty if it says nothing.
pub(crate) fn span_message() -> String {
    let event = event_text("exception.message");
    format!(
        "substring(arrayFirst(text -> text != '', [status_message, {event}, attrs['exception.message']]), 1, {LONGEST_RAW})"
    )
}

/// Rows of `error_groups` of their buckets' newest revisions, for a filter on tenant and `t`, and perhaps one more.
pub(crate) fn settled(filter: &str, more: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM error_groups
        WHERE mark = 0 AND {filter}{more} AND (t, revision) IN (
            SELECT t, max(revision) FROM error_groups WHERE mark = 1 AND {filter} GROUP BY t)"
    )
}

/// Computes buckets and puts them in place.
pub(super) fn settle(settled: &[Window], values: &str) -> String {
    let owned = windows::tenants(settled);
    let hull = windows::hull(settled, Rollup::ErrorGroups);
    let among = windows::among(settled, "bucket");
    let has_twins = settled.iter().any(|window| window.has_twins);
    let failed = Failed {
        filed: Filed {
            filter: format!("{owned} AND {} AND {among}", sql::within(hull)),
            around: has_twins.then(|| format!("{owned} AND {}", sql::within(twins_of(hull)))),
        },
        spans: format!("{owned} AND {}", sql::within(spans_of(hull))),
        counted: "true".to_owned(),
    };
    let rows = failed.rows();
    format!(
        "INSERT INTO error_groups (tenant, keep_days, mark, {COLUMNS}, revision, fingerprint, first_keep_days, settled)
        WITH windows AS {values}
        SELECT tenant, keep_days, 0 AS mark, {COLUMNS}, revision, toUInt64(0) AS fingerprint, 0 AS first_keep_days,
            toDateTime(0, 'UTC') AS settled
        FROM ({rows}) AS told INNER JOIN (SELECT tenant, t, keep_days, revision FROM windows) AS windows USING (tenant, t)
        UNION ALL
        SELECT tenant, keep_days, 1 AS mark, '' AS function, t, 0 AS id, 0 AS deadline_minute, '' AS type, '' AS message, '' AS seen,
            0 AS outcome, 0 AS n, 0 AS cold, map() AS versions, '' AS first_version, 0 AS first_ns, 0 AS last_ns, [] AS examples,
            revision, fingerprint, first_keep_days, settled
        FROM windows"
    )
}

/// Which of a window's rows count by now: those of invocations without an end, once they are lost.
pub(crate) fn counts(now: UnixNanos) -> String {
    let is_past = lost::is_past("deadline_minute", now);
    format!("(deadline_minute = 0 OR {is_past})")
}

/// A text in one line, valid, and no longer than so many characters: it is shown, perhaps on a terminal.
fn clean(text: &str, longest: u32) -> String {
    format!(
        "leftUTF8(trimBoth(replaceRegexpAll(toValidUTF8(substring({text}, 1, {LONGEST_RAW})), '[\\\\s\\\\p{{C}}]+', ' ')), {longest})"
    )
}

/// A message with a star for what is another in each error: quoted texts, ids, numbers. It is the key of a group, so it stays as it is.
fn without_what_differs(message: &str) -> String {
    // Each takes what those before it left.
    let steps = [
        // UUIDs, such as request ids.
        (
            "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
            "*",
        ),
        // Quoted texts; an apostrophe within a word is no quote.
        ("\"[^\"]*\"", "\"*\""),
        ("(^|[^0-9A-Za-z])'[^']*'", "\\1'*'"),
        ("`[^`]*`", "`*`"),
        // Numbers in hex, and ids.
        ("\\b0[xX][0-9a-fA-F]+\\b|\\b[0-9a-fA-F]{8,}\\b", "*"),
        // Words with letters between digits.
        ("\\b[0-9A-Za-z_]*[0-9][A-Za-z_]+[0-9][0-9A-Za-z_]*\\b", "*"),
        ("[0-9]+", "*"),
        // Signs; then addresses, times, fractions, and lists of numbers of any length.
        ("(^|[ (=:,])[-+]\\*", "\\1*"),
        ("\\*(?:[-+.,:/_ ]{0,2}\\*)+", "*"),
    ];
    let replaced = steps
        .iter()
        .fold(message.to_owned(), |text, (pattern, put)| {
            let (pattern, put) = (sql::text(pattern), sql::text(put));
            format!("replaceRegexpAll({text}, {pattern}, {put})")
        });
    format!("leftUTF8({replaced}, {LONGEST_MESSAGE})")
}

/// The text of the first attribute with this name that an event of the span has, of `extra`, which holds the span's events as OTLP's
/// bytes: 0A, the name with its length, 12, the value's length, 0A, the text with its length. Empty where there is none; whatever
/// the bytes are, a piece of them.
fn event_text(name: &str) -> String {
    let key = format!("concat('\\n', char({}), '{name}', char(18))", name.len());
    let behind = name.len() + 3;
    let byte = |place: &str| format!("reinterpretAsUInt8(substring(extra, {place}, 1))");
    let (first, second) = (byte("value"), byte("value + 1"));
    let (low, high) = (byte("text + 1"), byte("text + 2"));
    // A length has seven bits in a byte, the lowest first, and another byte while the eighth is set. Of what is longer than two
    // of them tell, a page is enough.
    format!(
        "arrayMap(value -> arrayMap(text -> substring(extra,
                text + multiIf({low} < 128, 2, {high} < 128, 3, 4),
                multiIf({low} < 128, {low}, {high} < 128, {low} % 128 + {high} * 128, {LONGEST_RAW})),
            [value + multiIf({first} < 128, 1, {second} < 128, 2, 3)])[1],
        if(position(extra, {key}) = 0, [], [position(extra, {key}) + {behind}]))[1]"
    )
}
