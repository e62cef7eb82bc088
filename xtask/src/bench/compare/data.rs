//! Data sets with something planted in them, made by the engine from a seed.

use std::fmt;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

use crate::bench::store::{DATABASE, Server};

/// Whose invocations they are.
pub(super) const FUNCTION: &str = "checkout";
/// The value that makes them slow.
pub(super) const PLANTED: &str = "planted";
/// Over so many nanoseconds they spread.
const HOUR: u64 = 3_600_000_000_000;
/// The clock's, for what is in flight.
const AGO: u64 = 20 * 60_000_000_000;
/// Keys beside the planted one and its decoys.
const KEYS: u64 = 11;
/// Of every table that a set fills.
const TABLES: [&str; 12] = [
    "spans",
    "invocations",
    "request_index",
    "touched",
    "fn_1m",
    "fn_1h",
    "edges_1m",
    "features",
    "error_groups",
    "feature_values",
    "feature_counts",
    "cp_1m",
];

/// A data set, before it is written.
pub(super) struct DataSet {
    seed: u64,
    pub(super) invocations: u64,
    /// Unix nanoseconds.
    pub(super) range: Range<u64>,
    /// The share that is asked about.
    pub(super) slowest: f64,
    /// Of the invocations, those with the planted value.
    prevalence: f64,
    /// By so much they take longer.
    effect: f64,
    /// How the others spread: of the logarithm.
    spread: f64,
    /// Under which of the keys it stands.
    planted: u64,
    /// How many values each key has.
    values: Vec<u64>,
    decoys: Vec<Decoy>,
}

/// A value that mostly goes with the planted one.
struct Decoy {
    /// Of those with the planted one, the share that has this.
    with: f64,
    /// Of the others.
    without: f64,
}

/// Numbers from a seed (SplitMix64).
struct Dice(u64);

// === impl DataSet ===

impl DataSet {
    pub(super) fn new(seed: u64, invocations: u64) -> anyhow::Result<Self> {
        let mut dice = Dice(seed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let end = now.context("read the clock")?.as_nanos() as u64 - AGO;
        let end = end / 1_000_000_000 * 1_000_000_000;
        let prevalence = dice.between_by_ratio(0.003, 0.2);
        Ok(Self {
            seed,
            invocations,
            range: end - HOUR..end,
            slowest: if dice.share() < 0.5 { 0.05 } else { 0.01 },
            prevalence,
            effect: dice.between_by_ratio(1.5, 8.0),
            spread: 0.4 + 0.6 * dice.share(),
            planted: dice.below(KEYS),
            values: (0..=KEYS)
                .map(|_| dice.between_by_ratio(2.0, 5_000.0) as u64)
                .collect(),
            decoys: (0..3)
                .map(|_| Decoy {
                    with: 0.4 + 0.5 * dice.share(),
                    without: prevalence * dice.between_by_ratio(0.1, 2.0),
                })
                .collect(),
        })
    }

    /// As the API names it.
    pub(super) fn planted_key(&self) -> String {
        format!("span.key{}", self.planted)
    }

    /// Writes it in place of what was there.
    pub(super) fn write(&self, server: &Server) -> anyhow::Result<()> {
        for table in TABLES {
            server.run(&format!("TRUNCATE TABLE {DATABASE}.{table}"), "", &[])?;
        }
        server.run(&self.facts(), "", &[])?;
        server.run(&self.spans(), "", &[])?;
        Ok(())
    }

    /// Evenly distributed over 0 to 1, another for each row and column, and the same wherever it stands.
    fn chance(&self, column: &str) -> String {
        format!(
            "(cityHash64(number, {}, '{column}') / 18446744073709551616.)",
            self.seed
        )
    }

    fn is_planted(&self) -> String {
        format!("{} < {}", self.chance("planted"), self.prevalence)
    }

    fn started(&self) -> String {
        let step = HOUR / self.invocations.max(1);
        format!("({} + number * {step})", self.range.start)
    }

    fn request(&self) -> String {
        format!("lower(hex(sipHash128(number, {})))", self.seed)
    }

    fn facts(&self) -> String {
        let (started, request) = (self.started(), self.request());
        let (planted, effect, spread) = (self.is_planted(), self.effect, self.spread);
        let (version, cold, memory) = (
            self.chance("version"),
            self.chance("cold"),
            self.chance("memory"),
        );
        format!(
            "INSERT INTO {DATABASE}.invocations (tenant, keep_days, function, ts, request_id, facts, platform, version, runtime,
                architecture, region, memory_bytes, start_unix_ns, outcome, cold, trigger, duration_ns)
            SELECT 'default', 30, '{FUNCTION}', fromUnixTimestamp64Nano(toInt64({started}), 'UTC'), {request}, 7, 1,
                if({version} < 0.3, '7', '6'), 'python3.12', 1, if({memory} < 0.5, 'eu-west-1', 'us-east-1'), 268435456,
                {started}, if({version} > 0.99, 2, 1), {cold} < 0.02, 1,
                toUInt64(1e8 * exp({spread} * randNormal(0., 1.)) * if({planted}, {effect}, 1.))
            FROM numbers({})",
            self.invocations
        )
    }

    fn spans(&self) -> String {
        let (started, request) = (self.started(), self.request());
        let planted = self.is_planted();
        let mut keys = String::new();
        let mut values: Vec<String> = Vec::new();
        let mut add = |key: String, value: String| {
            keys.push_str(&format!("\\xFF{key}"));
            values.push(value);
        };
        for key in 0..KEYS {
            let plain = self.plain(&format!("key{key}"), self.values[key as usize]);
            let value = match key == self.planted {
                true => format!("if({planted}, '{PLANTED}', {plain})"),
                false => plain,
            };
            add(format!("key{key}"), value);
        }
        for (number, decoy) in self.decoys.iter().enumerate() {
            let name = format!("decoy{number}");
            let (with, without) = (decoy.with, decoy.without);
            let plain = self.plain(&name, self.values[KEYS as usize]);
            let bound = format!("if({planted}, {with}, {without})");
            let chance = self.chance(&format!("{name} is there"));
            add(name, format!("if({chance} < {bound}, 'decoy', {plain})"));
        }
        add(
            "order.id".to_owned(),
            format!("hex(cityHash64(number, {}, 'order'))", self.seed),
        );
        let values = values.join(", '\\xFF', ");
        format!(
            "INSERT INTO {DATABASE}.spans (tenant, keep_days, ts, trace_id, span_id, service, name, kind, duration_ns, request_id,
                attr_keys, attr_values)
            SELECT 'default', 30, fromUnixTimestamp64Nano(toInt64({started} + 1000000), 'UTC'),
                sipHash128(number, 'trace'), reinterpretAsFixedString(sipHash64(number, 'span')), '{FUNCTION}',
                'POST /checkout', 2, 1000000, {request}, '{keys}\\xFF', concat('\\xFF', {values}, '\\xFF')
            FROM numbers({})",
            self.invocations
        )
    }

    /// A value by Zipf's law: the first of so many is the most frequent.
    fn plain(&self, key: &str, values: u64) -> String {
        format!(
            "concat('v', toString(toUInt32(pow({values}, {}))))",
            self.chance(key)
        )
    }
}

impl fmt::Display for DataSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} % take {:.1} times as long, spread {:.1}, the slowest {} asked about",
            self.prevalence * 100.0,
            self.effect,
            self.spread,
            self.slowest
        )
    }
}

// === impl Dice ===

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.next() as f64 / u64::MAX as f64
    }

    /// As often in each doubling.
    fn between_by_ratio(&mut self, least: f64, most: f64) -> f64 {
        least * (most / least).powf(self.share())
    }
}
