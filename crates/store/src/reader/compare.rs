//! Some invocations and the rest of a range: how often each side has which item. All of them are counted, none is sampled.

use clickhouse::Row;
use coldtrace_model::{Nanos, Outcome, RequestId, TimeRange};
use serde::Deserialize;

use super::features::Features;
use super::invocations::COLD_STARTS;
use super::{ReadError, sql};
use crate::settle::features::{key_named, key_of};

/// Whether the duration of a row is known.
const IS_TIMED: &str = "duration_ns != 0";

/// Values of a key that are told: the others differ less.
const MOST_VALUES: usize = 100;

/// Invocations of the rest whose patterns are looked at: whether two values go together is known from these to a percent.
const MOST_OF_REST: u64 = 100_000;

/// So many times more than are wanted are looked at, since chance may give fewer.
const MORE: f64 = 1.5;

/// The end of a query of items. Read from the disk they are small, and the engine would read them in one thread; what takes the time
/// is to count them.
const BY_ALL_THREADS: &str = " SETTINGS merge_tree_min_rows_for_concurrent_read = 8192, \
    merge_tree_min_bytes_for_concurrent_read = 1048576";

/// Which invocations are selected: those for which all of this is true. The others are the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// They took as long as this or longer.
    pub least: Option<Nanos>,
    /// They took as long as this or shorter.
    pub most: Option<Nanos>,
    /// They ended in one of these ways; empty for any.
    pub outcomes: Vec<Outcome>,
    /// They waited for a start, or they did not.
    pub cold: Option<bool>,
    /// They are of this version.
    pub version: Option<String>,
    /// They were filed within this.
    pub within: Option<TimeRange>,
}

/// One side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CohortTotals {
    /// How many invocations.
    pub count: u64,
    /// Of how many the duration is known.
    pub timed: u64,
    /// All durations together, in nanoseconds.
    pub duration: u128,
    /// Median of the known durations; 0 if none is.
    pub p50: Nanos,
    /// Their 95th percentile.
    pub p95: Nanos,
}

/// How often something is on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemCount {
    /// The item.
    pub item: u64,
    /// Of the selected.
    pub selected: u64,
    /// Of the rest.
    pub rest: u64,
}

/// How often a key has which value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCount {
    /// The key's number, and what its values together have.
    pub all: ItemCount,
    /// How many values it has.
    pub distinct: u64,
    /// Those that the selected have more often than the rest by the greatest part of their number.
    pub values: Vec<ItemCount>,
}

/// What is looked for in patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternItem {
    /// A key with a value.
    Item(u64),
    /// A key with any value.
    Key(u64),
}

/// Invocations that have the same of some items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemPattern {
    /// Which they have: a bit for each, by its place.
    pub items: u64,
    /// How many they are.
    pub count: u64,
    /// How many of them are selected.
    pub selected: u64,
    /// The durations of those that are selected together, in nanoseconds.
    pub duration: u128,
}

#[derive(Row, Deserialize)]
struct TotalsRow {
    is_selected: bool,
    count: u64,
    timed: u64,
    duration: u64,
    quantiles: Vec<u64>,
}

#[derive(Row, Deserialize)]
struct PickedRow {
    is_selected: bool,
    request_id: String,
}

#[derive(Row, Deserialize)]
struct KeyRow {
    key: u64,
    selected: u64,
    total: u64,
    distinct_values: u64,
    values: Vec<(u64, u64, u64)>,
}

#[derive(Row, Deserialize)]
struct PatternRow {
    pattern: u64,
    selected: u64,
    rest: u64,
    duration: u64,
}

// === impl Features ===

impl Features {
    /// The duration that this share of all known ones reaches or exceeds; nothing if none is known.
    pub async fn slowest(&self, share: f64) -> Result<Option<Nanos>, ReadError> {
        if self.is_empty() {
            return Ok(None);
        }
        let (rows, quantile) = (&self.rows, 1.0 - share);
        let found: Vec<u64> = self
            .reader
            .rows(&format!(
                "SELECT quantileExact({quantile})(duration_ns) FROM ({rows}) WHERE duration_ns != 0{BY_ALL_THREADS}"
            ))
            .await?;
        let found = found.first().copied().filter(|&nanos| nanos != 0);
        Ok(found.map(Nanos))
    }

    /// The selected and the rest.
    pub async fn totals(&self, selection: &Selection) -> Result<[CohortTotals; 2], ReadError> {
        let none = CohortTotals {
            count: 0,
            timed: 0,
            duration: 0,
            p50: Nanos(0),
            p95: Nanos(0),
        };
        let mut totals = [none; 2];
        if self.is_empty() {
            return Ok(totals);
        }
        let (rows, selected, compared) = (
            &self.rows,
            selection.selected(),
            selection.compared(IS_TIMED),
        );
        let found: Vec<TotalsRow> = self
            .reader
            .rows(&format!(
                "SELECT {selected} AS is_selected, count() AS count, countIf(duration_ns != 0) AS timed,
                    sum(duration_ns) AS duration, quantilesExactIf(0.5, 0.95)(duration_ns, duration_ns != 0) AS quantiles
                FROM ({rows}) WHERE {compared} GROUP BY is_selected{BY_ALL_THREADS}"
            ))
            .await?;
        for row in found {
            let quantile = |place: usize| Nanos(row.quantiles.get(place).copied().unwrap_or(0));
            totals[usize::from(!row.is_selected)] = CohortTotals {
                count: row.count,
                timed: row.timed,
                duration: row.duration.into(),
                p50: quantile(0),
                p95: quantile(1),
            };
        }
        Ok(totals)
    }

    /// Some invocations of each side, evenly picked by their request ids: at most so many of each. The totals are those of the same
    /// selection.
    pub async fn pick(
        &self,
        selection: &Selection,
        totals: &[CohortTotals; 2],
        most: u32,
    ) -> Result<[Vec<RequestId>; 2], ReadError> {
        let mut picked = [Vec::new(), Vec::new()];
        if self.is_empty() {
            return Ok(picked);
        }
        let (rows, selected, compared) = (
            &self.rows,
            selection.selected(),
            selection.compared(IS_TIMED),
        );
        // Hashes are even: below this are a few more than are wanted, and the rest needs no sorting.
        let [selected_below, rest_below] = totals.map(|side| {
            let share = f64::from(most) * MORE / side.count.max(1) as f64;
            (share.min(1.0) * u64::MAX as f64) as u64
        });
        let found: Vec<PickedRow> = self
            .reader
            .rows(&format!(
                "SELECT is_selected, request_id FROM (
                    SELECT {selected} AS is_selected, request_id, cityHash64(request_id) AS place FROM ({rows}) WHERE {compared}
                )
                WHERE place <= if(is_selected, {selected_below}, {rest_below})
                ORDER BY place, request_id LIMIT {most} BY is_selected"
            ))
            .await?;
        for row in found {
            // Another form than the model's is not stored.
            picked[usize::from(!row.is_selected)].extend(RequestId::parse(&row.request_id));
        }
        Ok(picked)
    }

    /// How often each side has which item. The totals are those of the same selection, and neither side is empty.
    pub async fn counts(
        &self,
        selection: &Selection,
        totals: &[CohortTotals; 2],
    ) -> Result<Vec<KeyCount>, ReadError> {
        let (rows, compared) = (&self.rows, selection.compared(IS_TIMED));
        let telling = selection.telling();
        let [selected_count, rest_count] = totals.map(|side| side.count.max(1));
        let key = key_of("item");
        // Of windows that are counted, the items of the smaller side are added up, and the other side has what is left.
        let selected = selection.selected();
        let (side, selected_of) = match selected_count <= rest_count {
            true => (selected, "side"),
            false => (format!("NOT {selected}"), "toUInt64(n - side)"),
        };
        // Most of the time goes into adding up, once for each item of each invocation: so both numbers are one.
        let added = format!(
            "SELECT item, one FROM (
                SELECT items, toUInt64(NOT is_counted) + bitShiftLeft(toUInt64({side}), 32) AS one FROM ({rows})
                WHERE {compared} AND ({side} OR NOT is_counted)
            ) ARRAY JOIN items AS item"
        );
        let counted = self.counted.as_ref().map(|counted| {
            let compared = selection.compared("is_timed");
            format!(
                "SELECT item, toUInt64(n) AS one FROM ({counted}) ARRAY JOIN items AS item, counts AS n WHERE {compared}"
            )
        });
        let ones: Vec<String> = [added].into_iter().chain(counted).collect();
        let ones = ones.join(" UNION ALL ");
        let found: Vec<KeyRow> = self
            .reader
            .rows(&format!(
                "SELECT {key} AS key, sum(a) AS selected, sum(n) AS total, count() AS distinct_values,
                    arrayMap(it -> (it.2, it.3, it.4), arraySlice(arrayReverseSort(groupArray(
                        (a / {selected_count} - (n - a) / {rest_count}, item, a, n))), 1, {MOST_VALUES})) AS values
                FROM (
                    SELECT item, {selected_of} AS a, n FROM (
                        SELECT item, bitShiftRight(sum(one), 32) AS side, bitAnd(sum(one), 4294967295) AS n
                        FROM ({ones}) GROUP BY item
                    )
                )
                WHERE {telling} GROUP BY key{BY_ALL_THREADS}"
            ))
            .await?;
        Ok(found.into_iter().map(KeyCount::from).collect())
    }

    /// Which of some items the same invocations have. Of an item that is a key alone, whether there is a value. At most 64. The totals
    /// are those of the same selection; of a rest that is large, an even part is looked at, and `count` is what that comes to.
    pub async fn patterns(
        &self,
        selection: &Selection,
        totals: &[CohortTotals; 2],
        items: &[PatternItem],
    ) -> Result<Vec<ItemPattern>, ReadError> {
        let masks = |of: fn(&PatternItem) -> Option<u64>| {
            let placed = items.iter().take(64).enumerate();
            let placed: Vec<(u64, u64)> = placed
                .filter_map(|(place, item)| Some((of(item)?, 1_u64 << place)))
                .collect();
            // Two places of one number would be one.
            let list = |numbers: Vec<String>| numbers.join(", ");
            let numbers = list(
                placed
                    .iter()
                    .map(|(number, _)| number.to_string())
                    .collect(),
            );
            let bits = list(
                placed
                    .iter()
                    .map(|(_, bit)| format!("toUInt64({bit})"))
                    .collect(),
            );
            (!placed.is_empty()).then_some((numbers, bits))
        };
        let by_item = masks(|item| match *item {
            PatternItem::Item(item) => Some(item),
            PatternItem::Key(_) => None,
        });
        let by_key = masks(|item| match *item {
            PatternItem::Key(key) => Some(key),
            PatternItem::Item(_) => None,
        });
        let of = |number: &str, (numbers, bits): (String, String)| {
            format!("transform({number}, [{numbers}], [{bits}], toUInt64(0))")
        };
        let key = key_of("item");
        let looks: Vec<String> = by_item
            .map(|masks| of("item", masks))
            .into_iter()
            .chain(by_key.map(|masks| of(&key, masks)))
            .collect();
        let look = match &looks[..] {
            [] => return Ok(Vec::new()),
            [one] => one.clone(),
            [one, other, ..] => format!("bitOr({one}, {other})"),
        };
        let (rows, selected, compared) = (
            &self.rows,
            selection.selected(),
            selection.compared(IS_TIMED),
        );
        let rest_share = (MOST_OF_REST as f64 / totals[1].count.max(1) as f64).min(1.0);
        let looked_at = match rest_share < 1.0 {
            true => {
                let below = (rest_share * u64::MAX as f64) as u64;
                format!("(is_selected OR cityHash64(request_id) < {below})")
            }
            false => "true".to_owned(),
        };
        let found: Vec<PatternRow> = self
            .reader
            .rows(&format!(
                "SELECT arrayReduce('groupBitOr', arrayMap(item -> {look}, items)) AS pattern,
                    countIf(is_selected) AS selected, countIf(NOT is_selected) AS rest,
                    sumIf(duration_ns, is_selected) AS duration
                FROM (
                    SELECT items, duration_ns, {selected} AS is_selected FROM ({rows}) WHERE {compared} AND {looked_at}
                ) GROUP BY pattern{BY_ALL_THREADS}"
            ))
            .await?;
        let found = found.into_iter().map(|row| ItemPattern {
            items: row.pattern,
            count: row.selected + (row.rest as f64 / rest_share).round() as u64,
            selected: row.selected,
            duration: row.duration.into(),
        });
        Ok(found.collect())
    }
}

// === impl Selection ===

impl Selection {
    /// Whether an invocation is selected.
    fn selected(&self) -> String {
        let mut all: Vec<String> = Vec::new();
        if let Some(Nanos(least)) = self.least {
            all.push(format!("duration_ns >= {least}"));
        }
        if let Some(Nanos(most)) = self.most {
            all.push(format!("duration_ns <= {most}"));
        }
        if !self.outcomes.is_empty() {
            let outcomes = self.outcomes.iter().map(|outcome| outcome.number().into());
            all.push(format!("outcome IN {}", sql::numbers(outcomes)));
        }
        match self.cold {
            Some(true) => all.push(format!("cold IN {COLD_STARTS}")),
            Some(false) => all.push(format!("cold NOT IN {COLD_STARTS}")),
            None => {}
        }
        if let Some(version) = &self.version {
            all.push(format!("version = {}", sql::text(version)));
        }
        if let Some(within) = self.within {
            all.push(sql::within_moments(within));
        }
        match all.is_empty() {
            true => "true".to_owned(),
            false => format!("({})", all.join(" AND ")),
        }
    }

    /// Whether an invocation is on either side: where durations decide, one of which it is not `known` is on neither.
    fn compared(&self, known: &'static str) -> &'static str {
        match (self.least, self.most) {
            (None, None) => "true",
            _ => known,
        }
    }

    /// Whether an item tells more than what was selected by.
    fn telling(&self) -> String {
        let chosen = [
            ("outcome", !self.outcomes.is_empty()),
            ("cold", self.cold.is_some()),
            ("version", self.version.is_some()),
            ("hour", self.within.is_some()),
        ];
        let chosen: Vec<String> = chosen
            .iter()
            .filter(|(_, is_chosen)| *is_chosen)
            .map(|(name, _)| key_named(name))
            .collect();
        match chosen.is_empty() {
            true => "true".to_owned(),
            false => format!("{} NOT IN ({})", key_of("item"), chosen.join(", ")),
        }
    }
}

// === impl KeyCount ===

impl From<KeyRow> for KeyCount {
    fn from(row: KeyRow) -> Self {
        let count = |(item, selected, total): (u64, u64, u64)| ItemCount {
            item,
            selected,
            rest: total.saturating_sub(selected),
        };
        Self {
            all: count((row.key, row.selected, row.total)),
            distinct: row.distinct_values,
            values: row.values.into_iter().map(count).collect(),
        }
    }
}
