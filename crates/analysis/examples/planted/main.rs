//! Plants faults of a known cost into functions and asks what is found: `cargo run --release --example planted -- SEED SETS CLEAN`.
//!
//! For each kind of fault SETS functions are made twice from the same draws, once with the fault and once without; what the second
//! takes less is the truth that the estimate is held against. CLEAN functions have no fault. Prints a line for each kind: its name, how many
//! were found, how many of these with a gain within its bound, and the worst error; and then how many findings the clean
//! ones had. `cargo xtask bench explain` reads it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its output is what it is for"
)]

mod draws;
mod truth;
mod world;

use coldtrace_analysis::{Fault, FunctionFinding, explain};

use draws::Draws;
use truth::{Truth, error};
use world::World;

/// How far an estimate may be from the truth.
const BOUND: f64 = 0.15;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| {
        text.parse::<u64>()
            .expect("an argument is a number: SEED SETS CLEAN")
    });
    let seed = arguments.next().unwrap_or(1);
    let sets = arguments.next().unwrap_or(30);
    let clean = arguments.next().unwrap_or(100);
    for (kind, fault) in Fault::ALL.into_iter().enumerate() {
        let (mut found, mut near, mut worst) = (0, 0, 0.0_f64);
        for set in 0..sets {
            let draws = Draws::new(seed).of(kind as u64 + 1).of(set);
            if let Some(off) = off_by(fault, draws) {
                found += 1;
                near += u64::from(off <= BOUND);
                worst = worst.max(off);
            }
        }
        println!("{} {found} {near} {worst:.3}", fault.as_str());
    }
    let mut told = 0;
    for set in 0..clean {
        let world = World::new(Draws::new(seed).of(0).of(set), None);
        let findings = explain(&world.function, &world.observed());
        for finding in &findings {
            eprintln!("clean function {set}: {}", sentence(finding));
        }
        told += findings.len();
    }
    println!("clean {told}");
}

/// How far the estimate for a planted fault is from the truth, as a share of it; nothing if the fault was not found.
fn off_by(fault: Fault, draws: Draws) -> Option<f64> {
    let with = World::new(draws, Some(fault));
    let findings = explain(&with.function, &with.observed());
    let Some(finding) = findings.iter().find(|finding| finding.fault == fault) else {
        eprintln!("{}: not found in {:?}", fault.as_str(), draws);
        for finding in &findings {
            eprintln!("  but {}", sentence(finding));
        }
        return None;
    };
    let truth = Truth::between(&with, &with.without());
    let off = error(fault, &finding.gain, &truth);
    if off > BOUND {
        eprintln!(
            "{}: {off:.3} off: {:?}, in truth {truth:?}",
            fault.as_str(),
            finding.gain
        );
    }
    Some(off)
}

fn sentence(finding: &FunctionFinding) -> String {
    let words = finding.words();
    format!("{}. {} {:?}", words.title, words.text, finding.gain)
}
