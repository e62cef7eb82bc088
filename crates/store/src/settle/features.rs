//! What cohorts of invocations are compared by, as SQL: a row for each invocation that is over, with its items.
//!
//! An item is a key with a value, as a number: of a column of the invocation, or of an attribute of a span that answered it.
//! Such spans are looked for from a minute before their invocation is filed to two minutes after: a handler's span begins
//! with its invocation. What later messages of a batch say is not seen; in return a bucket has all that it needs two minutes after its
//! end. As with functions, settle and the reader compute rows in one way ([`Featured::rows`]).

use std::fmt::Display;

use coldtrace_model::{Architecture, Cold, Nanos, Outcome, TimeRange, Trigger};

use super::functions::{Filed, twins_of};
use super::{Rollup, SECOND, Window, windows};
use crate::reader::sql;

/// In seconds, how long before its invocation is filed a span may begin, by clocks that differ.
pub(super) const SPANS_BEFORE: u64 = 60;
/// In seconds, how long after it.
pub(super) const SPANS_AFTER: u64 = 120;
/// Of a row's columns, those by which it is selected.
pub(crate) const COLUMNS: &str =
    "function, ts, request_id, duration_ns, outcome, cold, version, memory_bytes, items";

/// Of a span that answered an invocation, whose request that was. Where the platform gives no request ids, it names its invocation by
/// its own (the collector's `request_of_span`).
pub(crate) const REQUEST: &str =
    "if(request_id != '', request_id, concat(lower(hex(trace_id)), ':', lower(hex(span_id))))";

/// In bytes: what is longer is a text, not a value that others have too.
const LONGEST_VALUE: usize = 200;
/// Bits of an item below its key's.
const VALUE_BITS: u32 = 40;
/// An invocation with a value that hardly another has in its bucket: the key is an id, if more than so many have it.
const FEW: u32 = 20;

/// Invocations in the base table, and the spans that may have answered them.
#[derive(Clone)]
pub(crate) struct Featured {
    /// Of whole buckets.
    pub(crate) filed: Filed,
    /// The rows of `spans` around them: names tenant, bucket and `ts`.
    pub(crate) spans: String,
}

// === impl Featured ===

impl Featured {
    /// The rows of `features` that these invocations give, without what settle adds: `tenant`, `t` and [`COLUMNS`].
    ///
    /// Ids are told apart in each bucket and for each function: whether a key is one must not depend on what is asked, nor on
    /// which buckets are computed together.
    pub(crate) fn rows(&self) -> String {
        let known = self.known();
        let key = key_of("item");
        format!(
            "SELECT tenant, t, function, ts, request_id, duration_ns, outcome, cold, version, memory_bytes,
                arrayFilter(item -> NOT has(ids, {key}), known.items) AS items
            FROM ({known}) AS known LEFT ANY JOIN (
                SELECT tenant, t, function, groupArray(key) AS ids FROM (
                    SELECT tenant, t, function, {key} AS key, count() AS n, uniq(item) AS distinct_values
                    FROM ({known}) ARRAY JOIN items AS item
                    GROUP BY tenant, t, function, key HAVING n > {FEW} AND distinct_values * 2 > n)
                GROUP BY tenant, t, function
            ) AS ids USING (tenant, t, function)"
        )
    }

    /// Items in words, each once a day: `tenant`, `day`, `item`, `key`, `value`. `among` is a filter on `item`.
    pub(crate) fn words(&self, among: &str) -> String {
        let (spans, merged) = (self.pairs_of_spans(), self.filed.merged());
        let own = own_pairs();
        let item = item_of("pair.1", "pair.2");
        format!(
            "SELECT tenant, day, item, any(pair.1) AS key, any(pair.2) AS value
            FROM (
                SELECT tenant, toDate(ts) AS day, pair, {item} AS item
                FROM (
                    SELECT tenant, ts, pairs FROM ({spans})
                    UNION ALL
                    SELECT tenant, ts, {own} AS pairs FROM ({merged}) AS filed
                ) ARRAY JOIN pairs AS pair
            )
            WHERE {among} GROUP BY tenant, day, item"
        )
    }

    /// Rows with all their items, those of ids as well.
    fn known(&self) -> String {
        let (merged, shown) = (self.filed.merged(), self.filed.shown());
        let spans = self.spans_by_request();
        let own = items_of(&own_pairs());
        let (before, after) = (SPANS_BEFORE * SECOND, SPANS_AFTER * SECOND);
        format!(
            "SELECT tenant, toStartOfFiveMinutes(ts) AS t, function, ts, request_id, duration_ns, outcome, cold, version, memory_bytes,
                arraySort(arrayDistinct(arrayConcat(own, arrayFlatten(arrayMap(span -> span.2, arrayFilter(
                    span -> span.1 + {before} >= filed_ns AND span.1 < filed_ns + {after}, spans)))))) AS items
            FROM (
                SELECT *, {own} AS own FROM ({merged}) AS filed WHERE {shown} AND outcome != 0
            ) AS filed LEFT ANY JOIN ({spans}) AS answers USING (tenant, request_id)"
        )
    }

    /// What the spans of each request tell: `spans`, of each when it began and its items.
    fn spans_by_request(&self) -> String {
        let pairs = self.pairs_of_spans();
        let items = items_of("pairs");
        format!(
            "SELECT tenant, request AS request_id,
                groupArray((toUInt64(toUnixTimestamp64Nano(ts)), {items})) AS spans
            FROM ({pairs}) GROUP BY tenant, request_id"
        )
    }

    /// Spans that answered one of these invocations, with their names and attributes as pairs of texts.
    fn pairs_of_spans(&self) -> String {
        let (spans, filed) = (&self.spans, &self.filed.filter);
        format!(
            "SELECT tenant, ts, {REQUEST} AS request,
                arrayConcat([('name', CAST(spans.name, 'String'))], arrayMap((key, value) -> (concat('span.', key), value),
                    arraySlice(splitByChar('\\xFF', toString(attr_keys)), 2, -1),
                    arraySlice(splitByChar('\\xFF', attr_values), 2, -1))) AS pairs
            FROM spans WHERE {spans} AND kind IN (2, 5)
                AND (tenant, request) IN (SELECT tenant, request_id FROM invocations WHERE {filed})"
        )
    }
}

/// What is settled, of the newest revision of each bucket.
pub(crate) struct Settled {
    /// Rows of `features`, and of each whether its bucket is among the `counts`.
    pub(crate) rows: String,
    /// Rows of `feature_counts`.
    pub(crate) counts: String,
}

/// What is settled, for a filter on `t` and one tenant, and perhaps one more; `whole` is one on `t` for the buckets whose counts are
/// wanted. Revisions are looked at for every row, and so without the tenant: that would take three times as long.
pub(crate) fn settled(filter: &str, more: &str, whole: &str) -> Settled {
    let newest =
        format!("SELECT t, max(revision) FROM features WHERE mark = 1 AND {filter} GROUP BY t");
    let is_counted = format!(
        "{whole} AND (t, revision) IN (SELECT t, revision FROM feature_counts WHERE {filter}{more})"
    );
    Settled {
        rows: format!(
            "SELECT {COLUMNS}, {is_counted} AS is_counted FROM features
            WHERE mark = 0 AND {filter}{more} AND (t, revision) IN ({newest})"
        ),
        counts: format!(
            "SELECT function, is_timed, items, counts FROM feature_counts
            WHERE {whole} AND {filter}{more} AND (t, revision) IN ({newest})"
        ),
    }
}

/// Computes buckets and puts them in place, then how often each has which item, then what these are in words. A kill in between leaves
/// a bucket that is counted when it is asked for, and items whose words are in the base tables alone, until they come again.
pub(super) fn settle(settled: &[Window], values: &str) -> [String; 3] {
    let owned = windows::tenants(settled);
    let hull = windows::hull(settled, Rollup::Features);
    let among = windows::among(settled, "bucket");
    let has_twins = settled.iter().any(|window| window.has_twins);
    let featured = Featured {
        filed: Filed {
            filter: format!("{owned} AND {} AND {among}", sql::within(hull)),
            around: has_twins.then(|| format!("{owned} AND {}", sql::within(twins_of(hull)))),
        },
        spans: format!("{owned} AND {}", sql::within(spans_of(hull))),
    };
    [
        settle_rows(&featured.rows(), values),
        settle_counts(
            &format!("{owned} AND {}", windows::within_range("t", hull)),
            values,
        ),
        settle_words(&featured, values),
    ]
}

fn settle_rows(rows: &str, values: &str) -> String {
    format!(
        "INSERT INTO features (tenant, keep_days, mark, function, t, ts, request_id, revision, duration_ns, outcome, cold,
            version, memory_bytes, items, fingerprint, first_keep_days, settled)
        WITH windows AS {values}
        SELECT tenant, keep_days, 0 AS mark, function, t, ts, request_id, revision, duration_ns, outcome, cold, version,
            memory_bytes, items, toUInt64(0) AS fingerprint, 0 AS first_keep_days, toDateTime(0, 'UTC') AS settled
        FROM ({rows}) AS told INNER JOIN (SELECT tenant, t, keep_days, revision FROM windows) AS windows USING (tenant, t)
        UNION ALL
        SELECT tenant, keep_days, 1 AS mark, '' AS function, t, toDateTime64(t, 9, 'UTC') AS ts, '' AS request_id, revision,
            0 AS duration_ns, 0 AS outcome, 0 AS cold, '' AS version, 0 AS memory_bytes, [] AS items, fingerprint,
            first_keep_days, settled
        FROM windows"
    )
}

/// Counts what was just written: most of a question's time goes into adding up the items of all invocations, and most questions select a
/// few. Those without a duration are counted apart, since durations do not select them.
fn settle_counts(filter: &str, values: &str) -> String {
    format!(
        "INSERT INTO feature_counts (tenant, keep_days, function, t, revision, is_timed, items, counts)
        WITH windows AS {values}
        SELECT tenant, keep_days, function, t, revision, is_timed, groupArray(item) AS items, groupArray(n) AS counts
        FROM (
            SELECT tenant, keep_days, function, t, revision, duration_ns != 0 AS is_timed, item, toUInt32(count()) AS n
            FROM features ARRAY JOIN items AS item
            WHERE mark = 0 AND {filter} AND (tenant, t, revision) IN (SELECT tenant, t, revision FROM windows)
            GROUP BY tenant, keep_days, function, t, revision, is_timed, item
            ORDER BY item
        )
        GROUP BY tenant, keep_days, function, t, revision, is_timed"
    )
}

/// The words of what was just written: ids, of which each has another value, are not among it.
fn settle_words(featured: &Featured, values: &str) -> String {
    let words = featured.words(
        "(tenant, item) IN (
            SELECT DISTINCT tenant, arrayJoin(items) FROM features
            WHERE mark = 0 AND (tenant, t, revision) IN (SELECT tenant, t, revision FROM windows))",
    );
    format!(
        "INSERT INTO feature_values (tenant, day, keep_days, item, key, value)
        WITH windows AS {values}
        SELECT tenant, day, keep_days, item, key, value FROM ({words}) AS words
            INNER JOIN (SELECT tenant, max(keep_days) AS keep_days FROM windows GROUP BY tenant) AS kept USING (tenant)"
    )
}

/// The range in which spans that answered a range's invocations are looked for.
pub(crate) fn spans_of(range: TimeRange) -> TimeRange {
    TimeRange {
        from: range.from.minus(Nanos(SPANS_BEFORE * SECOND)),
        to: range.to.plus(Nanos(SPANS_AFTER * SECOND)),
    }
}

/// The key of an item, as a number.
pub(crate) fn key_of(item: &str) -> String {
    format!("bitShiftRight({item}, {VALUE_BITS})")
}

/// The key of this name, as a number.
pub(crate) fn key_named(name: &str) -> String {
    key_of(&format!("cityHash64({})", sql::text(name)))
}

/// What is stored: it stays as it is.
pub(crate) fn item_of(key: &str, value: &str) -> String {
    let key_bits = u64::BITS - VALUE_BITS;
    format!(
        "bitOr(bitShiftLeft(bitShiftRight(cityHash64({key}), {VALUE_BITS}), {VALUE_BITS}),
            bitShiftRight(cityHash64({key}, {value}), {key_bits}))"
    )
}

/// The items of pairs, but for those without a value and those with a text.
fn items_of(pairs: &str) -> String {
    let item = item_of("pair.1", "pair.2");
    format!(
        "arrayMap(pair -> {item},
            arrayFilter(pair -> length(pair.2) BETWEEN 1 AND {LONGEST_VALUE}, {pairs}))"
    )
}

/// What a merged row says of its invocation, as pairs of texts; empty where it does not say.
pub(super) fn own_pairs() -> String {
    let named = |column: &str, names: Vec<(u8, &'static str)>| {
        let numbers: Vec<String> = names.iter().map(|(number, _)| number.to_string()).collect();
        let texts = names.iter().map(|(_, name)| sql::text(name));
        let texts: Vec<String> = texts.collect();
        let (numbers, texts) = (numbers.join(", "), texts.join(", "));
        format!("transform({column}, [{numbers}], [{texts}], '')")
    };
    let known = |number: u8, name: &'static str| (number != 0).then_some((number, name));
    let colds = Cold::ALL.iter().map(|it| (it.number(), it.as_str()));
    let outcomes = Outcome::ALL.iter().map(|it| (it.number(), it.as_str()));
    let triggers = Trigger::ALL
        .iter()
        .filter_map(|it| known(it.number(), it.as_str()));
    let architectures = Architecture::ALL
        .iter()
        .filter_map(|it| known(it.number(), it.as_str()));
    let pairs: [(&str, &dyn Display); 11] = [
        ("function", &"CAST(function, 'String')"),
        ("version", &"CAST(version, 'String')"),
        (
            "memory",
            &"if(memory_bytes = 0, '', concat(toString(intDiv(memory_bytes, 1048576)), ' MB'))",
        ),
        ("cold", &named("cold", colds.collect())),
        ("runtime", &"CAST(runtime, 'String')"),
        (
            "architecture",
            &named("architecture", architectures.collect()),
        ),
        ("region", &"CAST(region, 'String')"),
        ("trigger", &named("trigger", triggers.collect())),
        ("error_type", &"error_type"),
        ("outcome", &named("outcome", outcomes.collect())),
        // Of the day, in UTC.
        ("hour", &"leftPad(toString(toHour(ts)), 2, '0')"),
    ];
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("('{key}', {value})"))
        .collect();
    format!("[{}]", pairs.join(", "))
}
