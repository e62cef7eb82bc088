//! `--once`: a fixed amount of traffic, then the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::api::{ApiInvocation, Journey};
use super::chaos::{self, Hit, Target};
use super::ledger::{Book, Seen};
use super::orders::Customers;
use super::stage::Stage;
use super::verdict::{Mismatch, Verdict};
use super::{DemoArguments, table, tell};

/// By then, counted from the last invocation, everything has to be told.
const DEADLINE: Duration = Duration::from_secs(10);
/// Between two looks at the API.
const PATIENCE: Duration = Duration::from_millis(250);
/// Between two bursts.
const BREATH: Duration = Duration::from_millis(150);

/// The outcome of a run: what `--json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// Seen from outside and told by the API.
    invocations: usize,
    functions: usize,
    runtimes: usize,
    cold_starts: usize,
    /// By the API's word for them.
    outcomes: BTreeMap<String, usize>,
    /// Journeys that went through all three functions.
    journeys: usize,
    /// Distinct spans in all journeys.
    spans: usize,
    lost: usize,
    duplicated: usize,
    mismatches: Vec<Mismatch>,
    /// From the first request to the verdict.
    seconds: f64,
    /// From the end of the last invocation until the API told everything; `null` if it did not.
    settled_seconds: Option<f64>,
    lost_ids: Vec<String>,
    duplicated_ids: Vec<String>,
    killed: Vec<Target>,
    /// Invocations whose extension was killed under them: they may be incomplete.
    excused: Vec<String>,
    /// What costs, by function; the dearest first.
    findings: BTreeMap<String, Vec<String>>,
    /// What this run had to show and did not.
    missing: Vec<String>,
}

/// Drives the traffic and judges. The stage is left open, its shop closed.
pub(super) async fn run(arguments: &DemoArguments, stage: &Stage) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let hits = drive(arguments, stage).await?;
    tell("waiting for the receipts and shutting the sandboxes down");
    stage.close_shop().await;
    let book = stage.ledger.read();
    let excused = chaos::excused(&book, &hits);
    let judged = judge(stage, &book, &excused).await?;
    tell(&table::render(&stage.api.functions().await?));
    let mut outcome = Outcome::of(&book, &judged);
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome.killed = arguments.kill.clone();
    outcome.findings = findings(stage).await?;
    outcome.missing = outcome.missing(arguments);
    Ok(outcome)
}

async fn findings(stage: &Stage) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut told = BTreeMap::new();
    for function in stage.api.functions().await? {
        let findings = stage.api.findings(&function.function).await?;
        let kinds = findings.into_iter().map(|finding| finding.kind).collect();
        told.insert(function.function, kinds);
    }
    Ok(told)
}

async fn drive(arguments: &DemoArguments, stage: &Stage) -> anyhow::Result<Vec<Hit>> {
    let bursts = Customers::new(arguments.seed).fixed(arguments.orders);
    let all = bursts.len();
    let mut hits = Vec::new();
    for (number, burst) in bursts.into_iter().enumerate() {
        let orders = burst.len();
        match victim(&arguments.kill, number, all) {
            None => stage.serve(burst).await,
            Some(target) => {
                tell(&format!("kill -9: {target:?}"));
                let (hit, ()) = tokio::join!(chaos::strike(stage, target), stage.serve(burst));
                hits.extend(hit?);
            }
        }
        tell(&format!(
            "burst {} of {all}: {orders} orders; {} invocations so far",
            number + 1,
            stage.ledger.invocations()
        ));
        tokio::time::sleep(BREATH).await;
    }
    Ok(hits)
}

/// Which kill, if any, falls into a burst: they are spread over the traffic, the first after things are warm.
fn victim(targets: &[Target], burst: usize, bursts: usize) -> Option<Target> {
    let spacing = bursts / (targets.len() + 1);
    let nth = burst.checked_sub(1)?.checked_div(spacing)?.checked_sub(1)?;
    let is_its_burst = (burst - 1).is_multiple_of(spacing);
    targets.get(nth).copied().filter(|_| is_its_burst)
}

/// What the judge found, and what the API told last.
struct Judged {
    verdict: Verdict,
    listed: Vec<ApiInvocation>,
    journeys: Vec<Journey>,
    settled: Option<Duration>,
}

/// Looks until everything is told or the time is up.
async fn judge(stage: &Stage, book: &Book, excused: &BTreeSet<String>) -> anyhow::Result<Judged> {
    let last = book.invocations.iter().map(Seen::ended).max();
    let since_last = || {
        let last = last.unwrap_or(SystemTime::UNIX_EPOCH);
        SystemTime::now().duration_since(last).unwrap_or_default()
    };
    loop {
        let asked = since_last();
        let mut judged = look(stage, book, excused).await?;
        let is_late = asked >= DEADLINE;
        // To read every journey takes a while, in which nothing is looked at: not before the list is as it should be.
        if judged.verdict.is_clean() || is_late {
            judged.look_at_journeys(stage, book, excused).await?;
        }
        if judged.verdict.is_clean() {
            judged.settled = Some(asked);
            return Ok(judged);
        }
        if is_late {
            return Ok(judged);
        }
        tokio::time::sleep(PATIENCE).await;
    }
}

async fn look(stage: &Stage, book: &Book, excused: &BTreeSet<String>) -> anyhow::Result<Judged> {
    let mut judged = Judged {
        verdict: Verdict::default(),
        listed: stage.api.invocations().await?,
        journeys: Vec::new(),
        settled: None,
    };
    judged.verdict.on_list(book, &judged.listed, excused);
    Ok(judged)
}

impl Judged {
    async fn look_at_journeys(
        &mut self,
        stage: &Stage,
        book: &Book,
        excused: &BTreeSet<String>,
    ) -> anyhow::Result<()> {
        for seen in book
            .invocations
            .iter()
            .filter(|seen| seen.function == "checkout")
        {
            let journey = stage.api.journey(&seen.request_id).await?;
            if let Some(journey) = journey {
                self.verdict.on_journey(book, seen, &journey, excused);
                self.journeys.push(journey);
            }
        }
        Ok(())
    }
}

impl Outcome {
    fn of(book: &Book, judged: &Judged) -> Self {
        let seen: BTreeSet<&str> = book
            .invocations
            .iter()
            .map(|seen| seen.request_id.as_str())
            .collect();
        let told: Vec<&ApiInvocation> = judged
            .listed
            .iter()
            .filter(|told| seen.contains(told.request_id.as_str()))
            .collect();
        let mut outcomes = BTreeMap::from(WANTED_OUTCOMES.map(|name| (name.to_owned(), 0)));
        for invocation in &told {
            *outcomes.entry(invocation.outcome.clone()).or_default() += 1;
        }
        let distinct = |field: fn(&ApiInvocation) -> &str| {
            let values: BTreeSet<&str> = told.iter().map(|told| field(told)).collect();
            values.len()
        };
        let ids: BTreeSet<&str> = told.iter().map(|told| told.request_id.as_str()).collect();
        let verdict = &judged.verdict;
        Self {
            invocations: ids.len(),
            functions: distinct(|told| &told.function),
            runtimes: distinct(|told| &told.runtime),
            cold_starts: told.iter().filter(|told| told.cold != "warm").count(),
            outcomes,
            journeys: whole_journeys(&judged.journeys),
            spans: distinct_spans(&judged.journeys),
            lost: verdict.lost.len(),
            duplicated: verdict.duplicated.len(),
            mismatches: verdict.mismatches.clone(),
            seconds: 0.0,
            settled_seconds: judged.settled.map(|settled| settled.as_secs_f64()),
            lost_ids: verdict.lost.clone(),
            duplicated_ids: verdict.duplicated.clone(),
            killed: Vec::new(),
            excused: verdict.excused.clone(),
            findings: BTreeMap::new(),
            missing: Vec::new(),
        }
    }

    /// Whether everything was told, once, as it was seen, and the run had everything in it.
    pub(super) fn holds(&self) -> bool {
        self.lost == 0
            && self.duplicated == 0
            && self.mismatches.is_empty()
            && self.missing.is_empty()
    }

    fn missing(&self, arguments: &DemoArguments) -> Vec<String> {
        let killed = &arguments.kill;
        let mut missing = Vec::new();
        let mut at_least = |what: &str, found: usize, wanted: usize| {
            if found < wanted {
                missing.push(format!("{what}: {found} of at least {wanted}"));
            }
        };
        at_least("invocations", self.invocations, 60);
        at_least("functions", self.functions, 3);
        at_least("runtimes", self.runtimes, 2);
        at_least("cold_starts", self.cold_starts, 3);
        at_least("journeys", self.journeys, 10);
        for outcome in WANTED_OUTCOMES {
            at_least(outcome, self.outcomes.get(outcome).copied().unwrap_or(0), 1);
        }
        if killed.contains(&Target::Function) {
            at_least("crash", self.outcomes.get("crash").copied().unwrap_or(0), 1);
        }
        if arguments.orders >= EXPLAINED_ORDERS {
            for (function, kind) in PLANTED {
                let found = self.findings.get(function);
                let is_found = found.is_some_and(|kinds| kinds.iter().any(|one| one == kind));
                at_least(&format!("{kind} of {function}"), is_found.into(), 1);
            }
        }
        if self
            .settled_seconds
            .is_some_and(|settled| settled > DEADLINE.as_secs_f64())
        {
            missing.push(format!(
                "told late: not within {DEADLINE:?} of the last invocation"
            ));
        }
        missing
    }
}

/// Of so many orders the findings must name what is wrong with the shop.
const EXPLAINED_ORDERS: usize = 84;
const PLANTED: [(&str, &str); 5] = [
    ("checkout", "cold_starts"),
    ("checkout", "timeouts"),
    ("inventory", "memory_leak"),
    ("inventory", "repeated_calls"),
    ("inventory", "slow_dependency"),
];

/// What a run must have among its outcomes.
const WANTED_OUTCOMES: [&str; 4] = ["ok", "error", "timeout", "oom"];

/// Journeys are told once for each of their invocations: the same one counts once.
fn whole_journeys(journeys: &[Journey]) -> usize {
    let whole: BTreeSet<Vec<&str>> = journeys
        .iter()
        .filter(|journey| {
            let functions: BTreeSet<&str> = journey
                .invocations
                .iter()
                .map(|invocation| invocation.function.as_str())
                .collect();
            functions.len() >= 3
        })
        .map(|journey| {
            let mut ids: Vec<&str> = journey.trace_ids.iter().map(String::as_str).collect();
            ids.sort_unstable();
            ids
        })
        .collect();
    whole.len()
}

fn distinct_spans(journeys: &[Journey]) -> usize {
    let spans: BTreeSet<(&str, &str)> = journeys
        .iter()
        .flat_map(|journey| &journey.spans)
        .map(|span| (span.trace_id.as_str(), span.span_id.as_str()))
        .collect();
    spans.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_are_spread_over_the_traffic_each_once() {
        let all = [
            Target::Up,
            Target::Engine,
            Target::Extension,
            Target::Function,
        ];
        for bursts in 8..14 {
            let struck: Vec<Target> = (0..bursts)
                .filter_map(|burst| victim(&all, burst, bursts))
                .collect();
            assert_eq!(struck, all, "{bursts} bursts");
            let single: Vec<usize> = (0..bursts)
                .filter(|&burst| victim(&all[..1], burst, bursts).is_some())
                .collect();
            assert_eq!(single, [bursts / 2 + 1], "one kill falls into the middle");
            assert_eq!(
                (0..bursts).find_map(|burst| victim(&[], burst, bursts)),
                None
            );
        }
    }
}
