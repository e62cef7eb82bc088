//! What the answers come to: the figures, and what of them is not well. Pure.
//!
//! Invariant: a figure stands here only if a service told it; what is not well says what to do.

use std::collections::BTreeMap;

use clap::ValueEnum;
use coldtrace_model::UnixNanos;
use coldtrace_store::is_derived;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ask::{Answer, Pages, Silent};
use super::page::{Metrics, Took};
use super::words::{length, many, number, size};

/// A cut is made after a second and inserted in less; what waits for a minute, waits for the store.
const PATIENCE: u64 = 60;
/// Windows are settled within a minute of their end; behind by this, something is in the way.
const SETTLE_PATIENCE: u64 = 600;
/// From here on ClickHouse slows inserts down (`parts_to_delay_insert`).
const MANY_PARTS: u64 = 1_000;
/// Merges need room for what they write, up to a gibibyte for a part of recent data.
const LITTLE_ROOM: u64 = 1 << 30;

/// A service that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Collector,
    Query,
}

/// What the settings say that figures are held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) log_cap: u64,
    pub(super) settles: bool,
}

/// How everything is.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) services: Vec<Service>,
    pub(super) collector: Option<Collector>,
    pub(super) store: Option<Store>,
    pub(super) settle: Option<Settle>,
    pub(super) problems: Vec<String>,
}

/// Whether a service is there.
#[derive(Debug, Serialize)]
pub(super) struct Service {
    pub(super) role: Role,
    pub(super) url: String,
    pub(super) answers: bool,
    /// Whether every component of it is ready.
    pub(super) ready: bool,
    pub(super) components: BTreeMap<String, Component>,
}

/// One component of a readiness page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Component {
    pub(super) ready: bool,
    pub(super) detail: String,
}

/// The readiness page.
#[derive(Deserialize)]
struct Readiness {
    components: BTreeMap<String, Component>,
}

/// What the collector counted since it started.
#[derive(Debug, Serialize)]
pub(super) struct Collector {
    /// By kind of item.
    pub(super) accepted: BTreeMap<String, u64>,
    /// By kind of item and reason; what is 0 is left out.
    pub(super) rejected: BTreeMap<String, BTreeMap<String, u64>>,
    /// Requests by status, in the numbers of HTTP.
    pub(super) requests: BTreeMap<String, u64>,
    /// Of those that were refused: by which limit of their tenant.
    pub(super) refused_by_limit: BTreeMap<String, u64>,
    pub(super) resent_requests: u64,
    pub(super) log: Log,
    pub(super) inserts: Inserts,
}

/// Of the collector's log.
#[derive(Debug, Serialize)]
pub(super) struct Log {
    pub(super) held_bytes: u64,
    pub(super) cap_bytes: u64,
    /// For how long the oldest request has waited for the store; `None` where none waits.
    pub(super) oldest_seconds: Option<u64>,
    pub(super) failures: u64,
    pub(super) damaged: u64,
    pub(super) torn: u64,
}

/// Of what went to the store.
#[derive(Debug, Serialize)]
pub(super) struct Inserts {
    pub(super) took: Option<Took>,
    /// By what the store answered.
    pub(super) retries: BTreeMap<String, u64>,
    /// Blocks that were refused for good.
    pub(super) dropped: u64,
    pub(super) rows: BTreeMap<String, u64>,
}

/// Of the store, as a service saw it.
#[derive(Debug, Serialize)]
pub(super) struct Store {
    pub(super) disk_bytes: u64,
    pub(super) parts: u64,
    pub(super) partition_parts: u64,
    pub(super) free_bytes: Option<u64>,
    /// Parts that it found damaged, by table; what is 0 is left out.
    pub(super) broken_parts: BTreeMap<String, u64>,
    /// Partitions in which merges keep failing, by table.
    pub(super) failing_merges: BTreeMap<String, u64>,
    /// Damaged parts of indexes whose rows were made again.
    pub(super) mended_parts: u64,
    /// How long ago.
    pub(super) seen_seconds: u64,
}

/// Of settling.
#[derive(Debug, Serialize)]
pub(super) struct Settle {
    pub(super) enabled: bool,
    /// Whether the service that answered is the one that settles.
    pub(super) is_ours: bool,
    pub(super) waiting_windows: u64,
    pub(super) behind_seconds: u64,
    pub(super) settled: u64,
    pub(super) settled_again: u64,
    pub(super) failures: u64,
}

// === impl Role ===

impl Role {
    pub(super) const ALL: [Self; 2] = [Self::Collector, Self::Query];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Query => "query",
        }
    }

    /// The setting that says where it is.
    fn key(self) -> &'static str {
        match self {
            Self::Collector => "collector.http_listen",
            Self::Query => "query.listen",
        }
    }
}

// === impl Report ===

impl Report {
    pub(super) fn of(answers: &[Answer], bounds: Bounds, now: UnixNanos) -> Self {
        let mut report = Self {
            services: Vec::new(),
            collector: None,
            store: None,
            settle: None,
            problems: Vec::new(),
        };
        for answer in answers {
            report.add(answer, bounds, now.0 / 1_000_000_000);
        }
        report.judge();
        // Both services may tell of the same.
        let mut told = Vec::new();
        for problem in std::mem::take(&mut report.problems) {
            if !told.contains(&problem) {
                told.push(problem);
            }
        }
        report.problems = told;
        report
    }

    pub(super) fn to_json(&self) -> String {
        let mut json = json!(self);
        json["well"] = self.problems.is_empty().into();
        json.to_string()
    }

    fn add(&mut self, answer: &Answer, bounds: Bounds, now: u64) {
        let role = answer.role;
        let mut service = Service {
            role,
            url: answer.url.clone(),
            answers: false,
            ready: false,
            components: BTreeMap::new(),
        };
        match &answer.pages {
            Err(silent) => self.problems.push(silence(role, &answer.url, silent)),
            Ok(pages) => match serde_json::from_str::<Readiness>(&pages.ready) {
                Ok(readiness) => {
                    service.answers = true;
                    service.components = readiness.components;
                    service.ready = service.components.values().all(|part| part.ready);
                    self.read_metrics(role, pages, bounds, now);
                }
                Err(_) => self.problems.push(format!(
                    "what answers at {} is not a service of coldtrace; see {}",
                    answer.url,
                    role.key()
                )),
            },
        }
        let unready = service.components.iter().filter(|(_, part)| !part.ready);
        self.problems
            .extend(unready.map(|(name, part)| unreadiness(name, &part.detail)));
        self.services.push(service);
    }

    fn read_metrics(&mut self, role: Role, pages: &Pages, bounds: Bounds, now: u64) {
        let name = role.name();
        let Some(page) = &pages.metrics else {
            self.problems.push(format!(
                "the numbers of {name} are shown to a key of scope admin alone: set control.api_key \
                 (`coldtrace keys create --scope admin` makes one)"
            ));
            return;
        };
        let metrics = Metrics::parse(page);
        self.store = self.store.take().or_else(|| Store::read(&metrics, now));
        let is_whole = match role {
            Role::Collector => {
                self.collector = Collector::read(&metrics, bounds.log_cap, now);
                self.collector.is_some()
            }
            Role::Query => {
                self.settle = Settle::read(&metrics, bounds.settles);
                self.settle.is_some()
            }
        };
        if !is_whole {
            self.problems.push(format!(
                "the numbers of {name} are not those that this version knows: is another version running?"
            ));
        }
    }

    fn judge(&mut self) {
        let collector = self.collector.iter().flat_map(Collector::problems);
        let store = self.store.iter().flat_map(Store::problems);
        let settle = self.settle.iter().filter_map(Settle::problem);
        let problems: Vec<String> = collector.chain(store).chain(settle).collect();
        self.problems.extend(problems);
    }
}

fn silence(role: Role, url: &str, silent: &Silent) -> String {
    let (name, key) = (role.name(), role.key());
    match silent {
        Silent::PortUnknown => format!(
            "where {name} is, is not known: {key} has the port 0, so that the system chose one; \
             give the address that it printed at its start with --{name}"
        ),
        Silent::Because(why) => format!(
            "{name} does not answer at {url} ({why}): start it with `coldtrace up` or `coldtrace {name}`, \
             or say where it is ({key}, --{name}); where it does not run here, ask with --only for the other"
        ),
    }
}

fn unreadiness(component: &str, detail: &str) -> String {
    let advice = match component {
        "store" => {
            "look at ClickHouse, or at the engine's log in the data folder; the collector's log keeps what was acknowledged"
        }
        "keys" => {
            "who may send and read is not known, or not up to date; see control.url and the data folder"
        }
        _ => "it starts or ends just now, or its log says why",
    };
    match detail {
        "" => format!("{component} is not ready: {advice}"),
        detail => format!("{component} is not ready ({detail}): {advice}"),
    }
}

// === impl Collector ===

impl Collector {
    fn read(metrics: &Metrics, log_cap: u64, now: u64) -> Option<Self> {
        let of = |name: &str| format!("coldtrace_collector_{name}");
        let sum = |name: &str| metrics.sum(&of(name), &[]);
        let rejected = of("rejected_items_total");
        let items = ["span", "log", "other"];
        let accepted = items.map(|item| {
            let accepted = metrics.sum(&of("accepted_rows_total"), &[("item", item)]);
            Some((item.to_owned(), accepted?))
        });
        sum("rejected_items_total")?;
        let reasons = items.map(|item| {
            let reasons = metrics.by(&rejected, &[("item", item)], "reason");
            (item.to_owned(), reasons.into_iter().collect())
        });
        let oldest = sum("log_oldest_timestamp_seconds")?;
        let failed = of("insert_failures_total");
        let dropped = metrics.sum(&failed, &[("outcome", "rejected")])?;
        let retries = metrics.by(&failed, &[], "outcome").into_iter();
        let by = |name: &str, label: &str| metrics.by(&of(name), &[], label).into_iter().collect();
        Some(Self {
            accepted: accepted.into_iter().collect::<Option<_>>()?,
            rejected: reasons.into(),
            requests: by("requests_total", "status"),
            refused_by_limit: by("tenant_refusals_total", "limit"),
            resent_requests: sum("resent_requests_total")?,
            log: Log {
                held_bytes: sum("log_held_bytes")?,
                cap_bytes: log_cap,
                oldest_seconds: (oldest > 0).then(|| now.saturating_sub(oldest)),
                failures: sum("log_failures_total")?,
                damaged: sum("log_damaged_total")?,
                torn: sum("log_torn_total")?,
            },
            inserts: Inserts {
                took: metrics.took(&of("insert_seconds")),
                retries: retries
                    .filter(|(outcome, _)| outcome != "rejected")
                    .collect(),
                dropped,
                rows: by("inserted_rows_total", "table"),
            },
        })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let log = &self.log;
        if let Some(oldest) = log.oldest_seconds.filter(|oldest| *oldest > PATIENCE) {
            problems.push(format!(
                "the oldest request in the log has waited {} for the store: the store is away or too slow; \
                 the collector's log says which",
                length(oldest)
            ));
        }
        if log.held_bytes > log.cap_bytes / 5 * 4 {
            problems.push(format!(
                "the log is nearly full ({} of {}): when it is, requests are refused; bring the store back or raise collector.log_cap",
                size(log.held_bytes),
                size(log.cap_bytes)
            ));
        }
        if log.damaged > 0 {
            problems.push(format!(
                "the log was damaged on disk in {}, and what stood there is lost: look at the disk; \
                 the bytes are in log/quarantine of the data folder",
                many(log.damaged, "place")
            ));
        }
        if self.inserts.dropped > 0 {
            problems.push(format!(
                "the store refused {} for good: what was in it is in log/quarantine of the data folder, \
                 and the collector's log says why",
                many(self.inserts.dropped, "block")
            ));
        }
        problems
    }
}

// === impl Store ===

impl Store {
    fn read(metrics: &Metrics, now: u64) -> Option<Self> {
        let of = |name: &str| format!("coldtrace_store_{name}");
        let sum = |name: &str| metrics.sum(&of(name), &[]);
        let by_table = |name: &str| metrics.by(&of(name), &[], "table").into_iter().collect();
        Some(Self {
            disk_bytes: sum("disk_bytes")?,
            parts: sum("parts")?,
            partition_parts: sum("partition_parts")?,
            free_bytes: sum("free_bytes"),
            broken_parts: by_table("broken_parts"),
            failing_merges: by_table("failing_merges"),
            mended_parts: sum("mended_parts_total").unwrap_or(0),
            seen_seconds: now.saturating_sub(sum("measured_timestamp_seconds")?),
        })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(free) = self.free_bytes.filter(|free| *free < LITTLE_ROOM) {
            problems.push(format!(
                "the store's disk has only {} left: make room, or keep data for fewer days (collector.keep_days, `coldtrace limits`)",
                size(free)
            ));
        }
        if self.partition_parts >= MANY_PARTS {
            problems.push(format!(
                "a partition of the store has {} parts, and ClickHouse slows inserts down: its merges don't keep up; \
                 give it more cores or a faster disk",
                number(self.partition_parts)
            ));
        }
        let broken = self.broken_parts.iter();
        problems.extend(broken.map(|(table, parts)| breakage(table, *parts)));
        for (table, partitions) in &self.failing_merges {
            problems.push(format!(
                "merges of {table} fail again and again in {}: the log says why; make room if the disk is full, \
                 and see docs/guides/damage.md",
                many(*partitions, "partition")
            ));
        }
        problems
    }
}

fn breakage(table: &str, parts: u64) -> String {
    let (them, their) = if parts == 1 {
        ("it", "its")
    } else {
        ("them", "their")
    };
    let what = match is_derived(table) {
        true => format!("what was in {them} is made again from base tables"),
        false => format!("{their} rows are missing from answers, see docs/guides/damage.md"),
    };
    format!(
        "the store found {} of {table} damaged and set {them} aside: look at the disk; {what}",
        many(parts, "part")
    )
}

// === impl Settle ===

impl Settle {
    fn read(metrics: &Metrics, enabled: bool) -> Option<Self> {
        let sum = |name: &str| metrics.sum(&format!("coldtrace_settle_{name}"), &[]);
        Some(Self {
            enabled,
            is_ours: sum("lease")? > 0,
            waiting_windows: sum("waiting_windows")?,
            behind_seconds: sum("behind_seconds")?,
            settled: sum("windows_total")?,
            settled_again: sum("again_total")?,
            failures: sum("failures_total")?,
        })
    }

    fn problem(&self) -> Option<String> {
        (self.behind_seconds > SETTLE_PATIENCE).then(|| {
            format!(
                "settling is {} behind ({} windows wait): numbers are right, and slower to read; \
                 see settle.cpu_share and the log of query",
                length(self.behind_seconds),
                number(self.waiting_windows)
            )
        })
    }
}
