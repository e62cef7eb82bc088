//! Memory: too little of the processor that comes with it, more than is used, more with every invocation.

use coldtrace_model::{ByteSize, Invocation, Nanos, Outcome};

use super::gain::{Among, Case, Gain, Saved, quantile, waited};
use super::{Fault, Figure, FunctionFinding, Question, SandboxLife, calls, words};
use crate::{Confidence, NanoDollars, Price};

/// With so much memory a function has one whole processor; with less a share of it (AWS Lambda's documentation).
const ONE_CPU: ByteSize = ByteSize::from_mib(1_769);
/// Fewer invocations show nothing about memory.
const LEAST_SEEN: usize = 20;

/// Of how long the function takes, what its own work must be for its processor to matter.
const OWN_SHARE: f64 = 0.3;
/// Of what it is given, what it must use to lack more.
const USED_UP: f64 = 0.8;
/// Who uses more than he is given is not held to it: an emulator, or another platform.
const NOT_HELD: f64 = 1.1;

/// Room above the most that was used.
const ROOM: f64 = 1.3;
/// What is not worth a deployment.
const LEAST_LESS: f64 = 0.2;
const SMALLEST: u64 = 128 << 20;
const STEP: u64 = 64 << 20;

/// Sandboxes with fewer invocations tell no trend.
const LEAST_LIFE: u64 = 20;
const LEAST_LIVES: usize = 2;
/// So many of them must grow.
const LEAKING_SHARE: f64 = 0.6;
/// By so much of their limit, in the second half of their lives: what is filled in the first is a cache.
const LEAST_GROWTH: f64 = 0.05;
/// And in both quarters of that half.
const LEAST_QUARTER: f64 = 0.2;

pub(super) fn find(case: &Case<'_>, found: &mut Vec<FunctionFinding>) {
    let starved = starved(case);
    let leaking = leaking(case);
    // Memory that grows says nothing about how much is needed, and who lacks processor must not have less.
    if starved.is_none() && leaking.is_none() {
        found.extend(over_provisioned(case));
    }
    found.extend(starved);
    found.extend(leaking);
}

/// The share of a processor that comes with so much memory; at most one is of use to one thread.
fn share_of_cpu(memory: ByteSize) -> f64 {
    (memory.0 as f64 / ONE_CPU.0 as f64).min(1.0)
}

fn starved(case: &Case<'_>) -> Option<FunctionFinding> {
    let (mut used, mut given, mut own, mut whole) = (0.0, 0.0, 0.0, 0.0);
    let mut saved = Vec::new();
    for (place, profile) in case.profiles() {
        let one = &case.observed.invocations[place];
        let (Some(cpu), Some(memory), Some(duration)) = (profile.cpu, one.memory, one.duration)
        else {
            continue;
        };
        let share = share_of_cpu(memory);
        if share >= 1.0 {
            continue;
        }
        used += cpu.0 as f64;
        given += profile.own.0 as f64 * share;
        own += profile.own.0 as f64;
        whole += duration.0 as f64;
        let by_use = cpu.0 as f64 / share - cpu.0 as f64;
        let at_most = profile.own.0 as f64 * (1.0 - share);
        let time = Nanos(by_use.min(at_most) as u64);
        saved.push(Saved {
            place,
            time,
            billed: time,
        });
    }
    let is_starved = (USED_UP..NOT_HELD).contains(&(used / given.max(1.0)));
    if saved.len() < LEAST_SEEN || own < whole * OWN_SHARE || !is_starved {
        return None;
    }
    let mut gain = case.gain(Among::Traced, &saved);
    if !case.is_worth_a_word(&gain, Among::Traced) {
        return None;
    }
    gain.monthly = dearer(case, &saved);
    let memory = case.observed.invocations[saved[0].place].memory?;
    Some(FunctionFinding {
        fault: Fault::CpuStarved,
        about: String::new(),
        seen: case.of_all(saved.len(), Among::Traced),
        share: case.share(saved.len(), Among::Traced),
        confidence: Confidence::Medium,
        evidence: vec![
            (words::MEMORY, Figure::Size(memory)),
            (words::BETTER, Figure::Size(ONE_CPU)),
            ("used_of_given_cpu", Figure::Share(used / given.max(1.0))),
            ("own_work", Figure::Share(own / whole.max(1.0))),
        ],
        examples: case.examples(&saved),
        question: Question::Slowest,
        gain,
    })
}

/// What is saved by shorter invocations, less what their memory costs more.
fn dearer(case: &Case<'_>, saved: &[Saved]) -> Option<NanoDollars> {
    let mut less = 0.0;
    for one in saved {
        let invocation = &case.observed.invocations[one.place];
        let price = Price::of_invocation(invocation)?;
        let billed = invocation.billed.or(invocation.duration)?;
        let shorter = Nanos(billed.0.saturating_sub(one.time.0));
        let now = price.of_time(billed, invocation.memory?);
        less += (now.0 - price.of_time(shorter, ONE_CPU).0) as f64;
    }
    Some(case.in_a_month(less, Among::Traced))
}

fn over_provisioned(case: &Case<'_>) -> Option<FunctionFinding> {
    let (_, latest) = case.invocations().max_by_key(|(_, one)| one.start)?;
    let memory = latest.memory?;
    let alike: Vec<(usize, &Invocation)> = case
        .invocations()
        .filter(|(_, one)| one.memory == Some(memory) && one.max_memory.is_some())
        .collect();
    let peak = alike.iter().filter_map(|(_, one)| one.max_memory).max()?;
    if alike.len() < LEAST_SEEN {
        return None;
    }
    let (cpu, confidence) = cpu_needed(case)?;
    let for_memory = peak.0 as f64 * ROOM;
    let for_cpu = cpu * ONE_CPU.0 as f64 / USED_UP;
    let enough = (for_memory.max(for_cpu) as u64)
        .next_multiple_of(STEP)
        .max(SMALLEST);
    let less = 1.0 - enough as f64 / memory.0 as f64;
    if less < LEAST_LESS {
        return None;
    }
    let billed = |(place, one): &(usize, &Invocation)| Some((*place, one.billed?));
    let all = case.monthly(Among::All, alike.iter().filter_map(billed));
    let monthly = all.map(|all| NanoDollars((all.0 as f64 * less) as i64));
    let requests = alike.iter().rev().map(|(_, one)| &one.request_id);
    Some(FunctionFinding {
        fault: Fault::OverProvisioned,
        about: String::new(),
        seen: case.of_all(alike.len(), Among::All),
        share: case.share(alike.len(), Among::All).min(1.0),
        gain: Gain {
            monthly,
            ..Gain::default()
        },
        confidence,
        evidence: vec![
            (words::MEMORY, Figure::Size(memory)),
            (words::BETTER, Figure::Size(ByteSize(enough))),
            (words::PEAK, Figure::Size(peak)),
            ("invocations", Figure::Count(alike.len() as u64)),
        ],
        examples: calls::first_of(requests),
        question: Question::Slowest,
    })
}

/// How much of a processor it needs, and how sure that is. Nothing where less memory may make it slower.
fn cpu_needed(case: &Case<'_>) -> Option<(f64, Confidence)> {
    let (mut own, mut whole, mut traced) = (0.0, 0.0, 0_usize);
    let mut shares = Vec::new();
    for (place, profile) in case.profiles() {
        let Some(duration) = case.observed.invocations[place].duration else {
            continue;
        };
        traced += 1;
        own += profile.own.0 as f64;
        whole += duration.0 as f64;
        if let Some(cpu) = profile.cpu {
            // In millionths of a processor.
            shares.push((cpu.0 as f64 / duration.0.max(1) as f64 * 1e6) as u64);
        }
    }
    if shares.len() >= LEAST_SEEN {
        shares.sort_unstable();
        let needed = quantile(&shares, 0.95).0 as f64 / 1e6;
        return Some((needed, Confidence::High));
    }
    if traced >= LEAST_SEEN {
        return (own < whole * OWN_SHARE).then_some((0.0, Confidence::Medium));
    }
    Some((0.0, Confidence::Low))
}

fn leaking(case: &Case<'_>) -> Option<FunctionFinding> {
    let lives = case.observed.lives.iter();
    let long: Vec<&SandboxLife> = lives
        .filter(|life| life.invocations >= LEAST_LIFE && life.limit.0 > 0)
        .collect();
    let growing: Vec<&SandboxLife> = long.iter().copied().filter(|life| grows(life)).collect();
    if growing.len() < LEAST_LIVES || (growing.len() as f64) < long.len() as f64 * LEAKING_SHARE {
        return None;
    }
    let sum = |of: fn(&SandboxLife) -> u64| {
        let each = growing.iter().map(|life| of(life));
        each.fold(0, u64::saturating_add)
    };
    let each = ByteSize(sum(growth) / sum(|life| life.invocations / 2).max(1));
    let ended: Vec<(usize, &Invocation)> = case
        .invocations()
        .filter(|(_, one)| one.outcome == Outcome::OutOfMemory)
        .collect();
    let first = sum(|life| life.used[0].0) / growing.len() as u64;
    let limit = growing.iter().map(|life| life.limit).max()?;
    let until = limit.0.saturating_sub(first) / each.0.max(1);
    let examples = ended.iter().map(|(_, one)| &one.request_id);
    let mut gain = case.gain(Among::All, &restarts(case, ended.len()));
    gain.failures = case.share_of_sample(ended.len());
    Some(FunctionFinding {
        fault: Fault::MemoryLeak,
        about: String::new(),
        seen: sum(|life| life.invocations),
        share: growing.len() as f64 / long.len() as f64,
        gain,
        confidence: match ended.is_empty() {
            true => Confidence::Medium,
            false => Confidence::High,
        },
        evidence: vec![
            (words::EACH, Figure::Size(each)),
            (words::UNTIL, Figure::Count(until)),
            (words::MEMORY, Figure::Size(limit)),
            ("sandboxes", Figure::Count(growing.len() as u64)),
            ("out_of_memory", Figure::Count(ended.len() as u64)),
        ],
        examples: calls::first_of(examples),
        question: match ended.is_empty() {
            true => Question::Slowest,
            false => Question::Ended(Outcome::OutOfMemory.as_str()),
        },
    })
}

/// In the second half of its life.
fn growth(life: &SandboxLife) -> u64 {
    let [_, half, _, last] = life.used;
    last.0.saturating_sub(half.0)
}

fn grows(life: &SandboxLife) -> bool {
    let [_, half, three_quarters, last] = life.used;
    let grown = growth(life) as f64;
    let third = three_quarters.0.saturating_sub(half.0) as f64;
    let fourth = last.0.saturating_sub(three_quarters.0) as f64;
    grown >= life.limit.0 as f64 * LEAST_GROWTH && third.min(fourth) >= grown * LEAST_QUARTER
}

/// Each sandbox that ended is followed by another that must be started: of all starts, as many as ended.
fn restarts(case: &Case<'_>, ended: usize) -> Vec<Saved> {
    let cold: Vec<(usize, Nanos)> = case
        .invocations()
        .map(|(place, one)| (place, waited(one)))
        .filter(|(_, wait)| *wait > Nanos(0))
        .collect();
    let part = (ended as f64 / cold.len().max(1) as f64).min(1.0);
    cold.iter()
        .map(|&(place, wait)| Saved {
            place,
            time: Nanos((wait.0 as f64 * part) as u64),
            billed: Nanos(0),
        })
        .collect()
}
