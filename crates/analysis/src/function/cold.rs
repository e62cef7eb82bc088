//! Invocations that waited for their sandbox, and which part of its init they waited for.

use std::collections::{BTreeMap, HashMap};

use coldtrace_model::{Nanos, PhaseKind, SandboxId};

use super::gain::{Among, Case, Saved, waited};
use super::{Fault, Figure, FunctionFinding, Question, words};
use crate::Confidence;

/// Fewer cold starts are chance.
const LEAST_SEEN: usize = 3;
/// What happens to fewer than these no percentile that people look at shows.
const LEAST_SHARE: f64 = 0.01;
/// From so many on there is no doubt.
const CLEAR: usize = 20;
/// Extensions that take more of an init are to blame for it.
const EXTENSIONS_SHARE: f64 = 0.3;
/// And at least so long: every runtime takes its time.
const EXTENSIONS_LEAST: Nanos = Nanos::from_millis(100);

/// The lengths of one sandbox's phases.
#[derive(Clone, Copy, Default)]
struct Init {
    whole: Nanos,
    extensions: Nanos,
}

pub(super) fn find(case: &Case<'_>, found: &mut Vec<FunctionFinding>) {
    let saved = cold_starts(case);
    if saved.len() < LEAST_SEEN || case.share(saved.len(), Among::All) < LEAST_SHARE {
        return;
    }
    let gain = case.gain(Among::All, &saved);
    if !case.is_worth_a_word(&gain, Among::All) {
        return;
    }
    let inits = inits(case);
    let mut lengths: Vec<u64> = saved.iter().map(|one| one.time.0).collect();
    lengths.sort_unstable();
    let mut evidence = vec![
        (
            words::TYPICAL,
            Figure::Length(super::gain::quantile(&lengths, 0.5)),
        ),
        ("invocations", Figure::Count(case.count(Among::All) as u64)),
    ];
    evidence.extend(parts(case, &saved, &inits));
    found.push(FunctionFinding {
        fault: Fault::ColdStarts,
        about: String::new(),
        seen: case.of_all(saved.len(), Among::All),
        share: case.share(saved.len(), Among::All),
        gain,
        confidence: confidence(saved.len()),
        evidence,
        examples: case.examples(&saved),
        question: Question::Cold,
    });
    found.extend(slow_extensions(case, &saved, &inits));
}

fn confidence(seen: usize) -> Confidence {
    match seen {
        CLEAR.. => Confidence::High,
        _ => Confidence::Medium,
    }
}

fn cold_starts(case: &Case<'_>) -> Vec<Saved> {
    let waiting = case.invocations().filter(|(_, one)| one.duration.is_some());
    waiting
        .map(|(place, one)| {
            let time = waited(one);
            let beyond = one
                .billed
                .unwrap_or_default()
                .0
                .saturating_sub(one.duration.unwrap_or_default().0);
            Saved {
                place,
                time,
                // Init is on the bill where the bill is longer than the invocation.
                billed: match beyond >= time.0 / 2 {
                    true => time,
                    false => Nanos(0),
                },
            }
        })
        .filter(|saved| saved.time > Nanos(0))
        .collect()
}

/// Inits by sandbox, of those that told parts.
fn inits<'a>(case: &Case<'a>) -> HashMap<&'a SandboxId, Init> {
    let mut inits: BTreeMap<&SandboxId, Init> = BTreeMap::new();
    for row in &case.observed.phases {
        let init = inits.entry(&row.sandbox_id).or_default();
        let length = row.phase.duration;
        match row.phase.kind {
            PhaseKind::Init => init.whole = init.whole.max(length),
            PhaseKind::ExtensionInit => init.extensions = init.extensions.max(length),
            PhaseKind::RuntimeInit | PhaseKind::Restore => {}
        }
    }
    inits
        .into_iter()
        .filter(|(_, init)| init.whole > Nanos(0) && init.extensions > Nanos(0))
        .collect()
}

/// Of cold starts that tell their parts, what each part took on average.
fn parts(
    case: &Case<'_>,
    saved: &[Saved],
    inits: &HashMap<&SandboxId, Init>,
) -> Vec<(&'static str, Figure)> {
    let told: Vec<Init> = saved
        .iter()
        .filter_map(|one| init_of(case, one, inits))
        .collect();
    let mean = |part: fn(&Init) -> Nanos| {
        let sum: Nanos = told.iter().map(part).sum();
        Figure::Length(Nanos(sum.0 / told.len().max(1) as u64))
    };
    match told.is_empty() {
        true => Vec::new(),
        false => vec![
            ("extensions", mean(|init| init.extensions)),
            (
                "runtime_and_function",
                mean(|init| Nanos(init.whole.0.saturating_sub(init.extensions.0))),
            ),
        ],
    }
}

fn init_of(case: &Case<'_>, saved: &Saved, inits: &HashMap<&SandboxId, Init>) -> Option<Init> {
    let sandbox = case.observed.invocations[saved.place].sandbox_id.as_ref()?;
    inits.get(sandbox).copied()
}

/// Extensions that take so much of an init that it would be worth doing without them.
fn slow_extensions(
    case: &Case<'_>,
    cold: &[Saved],
    inits: &HashMap<&SandboxId, Init>,
) -> Option<FunctionFinding> {
    let told: Vec<(Saved, Init)> = cold
        .iter()
        .filter_map(|one| Some((*one, init_of(case, one, inits)?)))
        .collect();
    if told.len() < LEAST_SEEN {
        return None;
    }
    let whole: Nanos = told.iter().map(|(_, init)| init.whole).sum();
    let extensions: Nanos = told.iter().map(|(_, init)| init.extensions).sum();
    let share = extensions.0 as f64 / whole.0.max(1) as f64;
    let mean = Nanos(extensions.0 / told.len() as u64);
    if share < EXTENSIONS_SHARE || mean < EXTENSIONS_LEAST {
        return None;
    }
    let saved: Vec<Saved> = told
        .iter()
        .map(|(one, init)| {
            let time = init.extensions.min(one.time);
            Saved {
                place: one.place,
                time,
                billed: time.min(one.billed),
            }
        })
        .collect();
    Some(FunctionFinding {
        fault: Fault::InitPhase,
        about: PhaseKind::ExtensionInit.as_str().to_owned(),
        seen: case.of_all(saved.len(), Among::All),
        share: case.share(saved.len(), Among::All),
        gain: case.gain(Among::All, &saved),
        confidence: confidence(saved.len()),
        evidence: vec![
            (words::TYPICAL, Figure::Length(mean)),
            ("share_of_init", Figure::Share(share)),
        ],
        examples: case.examples(&saved),
        question: Question::Cold,
    })
}
