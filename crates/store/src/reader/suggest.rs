//! What attributes there are lately, and what they are: for somebody who types a query.
//!
//! No table lists them. The spans of a range are looked through, for so long and so many: of a great range that is a part, and what
//! it tells is what is frequent there.

use clickhouse::Row;
use coldtrace_model::TimeRange;
use serde::Deserialize;

use super::search::KEYS_AND_VALUES;
use super::{ReadError, Reader, sql};

/// What is given up for an answer in time: rows that are not read are not told.
const BOUNDS: &str = "SETTINGS max_execution_time = 2, timeout_overflow_mode = 'break',
    max_rows_to_read = 20000000, read_overflow_mode = 'break',
    max_rows_to_group_by = 100000, group_by_overflow_mode = 'any'";
/// Longer values are no words that somebody types.
const LONGEST: usize = 200;
/// The letters of what a query has words for: text, truth, whole numbers, numbers (proto/src/stored/types.rs).
const WRITABLE: &str = "('s', 'b', 'i', 'd')";

/// Where to look.
#[derive(Clone, Copy, Debug)]
pub struct SuggestFilter<'a> {
    /// Spans that started in this range,
    pub range: TimeRange,
    /// of this service, or of all.
    pub service: Option<&'a str>,
    /// What is told has this, in any case.
    pub typed: &'a str,
    /// At most so many.
    pub limit: u32,
}

/// Whose values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValuesOf<'a> {
    /// Names of spans.
    Names,
    /// Services.
    Services,
    /// What spans say of their status.
    StatusMessages,
    /// An attribute of spans.
    Span(&'a str),
    /// An attribute of resources.
    Resource(&'a str),
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct Seen {
    /// A name or a value, as text.
    pub text: String,
    /// The letter of its type; `s` for text.
    pub letter: String,
    /// How often.
    pub count: u64,
}

impl Reader {
    /// Names of spans' attributes, the most frequent first.
    pub async fn span_attributes(
        &self,
        filter: &SuggestFilter<'_>,
    ) -> Result<Vec<Seen>, ReadError> {
        let sets = format!(
            "SELECT toString(attr_keys) AS key_set, count() AS n FROM spans WHERE {} GROUP BY attr_keys",
            self.spans_of(filter)
        );
        self.rows(&format!(
            "SELECT text, letter, sum(n) AS count FROM (
                SELECT arrayJoin(arraySlice(splitByChar('\\xFF', key_set), 2, -1)) AS text, 's' AS letter, n FROM ({sets})) {} {BOUNDS}",
            filter.shown()
        ))
        .await
    }

    /// The same of resources.
    pub async fn resource_attributes(
        &self,
        filter: &SuggestFilter<'_>,
    ) -> Result<Vec<Seen>, ReadError> {
        self.rows(&format!(
            "SELECT text, letter, count() AS count FROM (
                SELECT toString(key) AS text, 's' AS letter FROM ({}) ARRAY JOIN mapKeys(attrs) AS key) {} {BOUNDS}",
            self.resources_of(filter),
            filter.shown()
        ))
        .await
    }

    /// Values, the most frequent first.
    pub async fn values(
        &self,
        of: ValuesOf<'_>,
        filter: &SuggestFilter<'_>,
    ) -> Result<Vec<Seen>, ReadError> {
        let column = |column: &str| {
            format!(
                "SELECT toString({column}) AS text, 's' AS letter, count() AS n FROM spans WHERE {} GROUP BY {column}",
                self.spans_of(filter)
            )
        };
        let question = match of {
            ValuesOf::Names => column("name"),
            ValuesOf::Services => column("service"),
            ValuesOf::StatusMessages => column("status_message"),
            ValuesOf::Resource(key) => format!(
                "SELECT attrs[{key}] AS text, 's' AS letter, 1 AS n FROM ({}) WHERE mapContains(attrs, {key})",
                self.resources_of(filter),
                key = sql::text(key)
            ),
            ValuesOf::Span(key) => format!(
                "SELECT told.2 AS text, told.3 AS letter, 1 AS n FROM (
                    SELECT arrayFirst(one -> one.1 = {key}, arrayMap((k, v, number) -> (k, v,
                        if(attr_types = '', 's', substring(toString(attr_types), number, 1))),
                        {KEYS_AND_VALUES}, arrayEnumerate(arraySlice(splitByChar('\\xFF', attr_values), 2, -1)))) AS told
                    FROM spans WHERE {} AND position(attr_keys, concat('\\xFF', {key}, '\\xFF')) > 0)
                WHERE letter IN {WRITABLE}",
                self.spans_of(filter),
                key = sql::text(key)
            ),
        };
        self.rows(&format!(
            "SELECT text, letter, sum(n) AS count FROM ({question}) {} {BOUNDS}",
            filter.shown()
        ))
        .await
    }

    fn spans_of(&self, filter: &SuggestFilter<'_>) -> String {
        let service = filter.of_service();
        format!(
            "{} AND {}{service}",
            self.owned(),
            sql::within(filter.range)
        )
    }

    /// Their attributes, each resource once.
    fn resources_of(&self, filter: &SuggestFilter<'_>) -> String {
        let service = filter.of_service();
        let days = sql::within_days(filter.range);
        // One has a row for each block of spans that names it.
        format!(
            "SELECT attrs FROM resources WHERE {} AND {days}{service} LIMIT 1 BY resource_id",
            self.owned()
        )
    }
}

// === impl SuggestFilter ===

impl SuggestFilter<'_> {
    fn of_service(&self) -> String {
        let service = self.service.map(sql::text);
        service.map_or_else(String::new, |service| format!(" AND service = {service}"))
    }

    /// The end of a query of texts: what begins as it is typed comes before what only has it.
    fn shown(&self) -> String {
        let typed = sql::text(self.typed);
        format!(
            "WHERE text != '' AND length(text) <= {LONGEST} AND ({typed} = '' OR positionCaseInsensitiveUTF8(text, {typed}) > 0)
            GROUP BY text, letter
            ORDER BY positionCaseInsensitiveUTF8(text, {typed}) > 1, count DESC, text LIMIT {}",
            self.limit
        )
    }
}
