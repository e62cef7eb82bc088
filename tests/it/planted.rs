//! Faults that were planted in a function under AWS's emulator, and turned off: what is found of each, and that its gain is what
//! turning it off brought.

use coldtrace_tests::run_json;
use serde_json::Value;

use crate::rie;

/// Of a gain, how far it may be from what was measured from outside.
const TOLERANCE: f64 = 0.15;

/// A fault, on and off.
struct Planted<'a> {
    fault: &'a str,
    off: &'a Value,
    on: &'a Value,
}

#[test]
fn what_is_planted_is_found_with_its_gain_and_what_is_not_is_not() {
    let outcome = run_json(&mut rie::command("planted.py", "on-demand"));
    let phases = outcome["phases"].as_array().expect("a list of phases");
    let pairs: Vec<Planted<'_>> = phases.chunks(2).map(Planted::of).collect();
    assert_eq!(pairs.len(), 6);
    for pair in &pairs {
        assert_eq!(found(pair.off, pair.fault), None, "{:#}", pair.off);
        let finding = found(pair.on, pair.fault);
        let finding = finding.unwrap_or_else(|| panic!("no {}: {:#}", pair.fault, pair.on));
        match pair.fault {
            // Half of the messages came again: less work, none of it shorter.
            "duplicate_processing" => assert_eq!(finding["share"], 0.5, "{finding:#}"),
            "timeouts" => {
                assert_eq!(finding["gain"]["failures"], failed(pair.on), "{finding:#}");
                // Who invokes waits for the sandbox's reset and the next init as well, which are not the invocation's time.
                let limit = outcome["time_limit"].as_f64().expect("a number");
                pair.check_gain(finding, failed(pair.on) * (limit - mean(pair.off)));
            }
            _ => pair.check_gain(finding, mean(pair.on) - mean(pair.off)),
        }
    }
}

fn found<'a>(phase: &'a Value, kind: &str) -> Option<&'a Value> {
    let findings = phase["findings"]["findings"].as_array().expect("a list");
    findings.iter().find(|finding| finding["kind"] == kind)
}

/// Which share of invocations had no answer.
fn failed(phase: &Value) -> f64 {
    let answers = phase["answers"].as_array().expect("a list of answers");
    let failed = answers.iter().filter(|answer| answer["failed"] == true);
    failed.count() as f64 / answers.len() as f64
}

/// How long who invoked waited, in nanoseconds.
fn mean(phase: &Value) -> f64 {
    let answers = phase["answers"].as_array().expect("a list of answers");
    let took = answers
        .iter()
        .map(|answer| answer["took"].as_f64().expect("a number"));
    took.sum::<f64>() / answers.len() as f64
}

// === impl Planted ===

impl<'a> Planted<'a> {
    fn of(phases: &'a [Value]) -> Self {
        let [off, on] = phases else {
            panic!("phases come in pairs: {phases:#?}");
        };
        assert_eq!(
            (&off["on"], &on["on"]),
            (&Value::Bool(false), &Value::Bool(true))
        );
        assert_eq!(off["fault"], on["fault"]);
        Self {
            fault: on["fault"].as_str().expect("a name"),
            off,
            on,
        }
    }

    fn check_gain(&self, finding: &Value, measured: f64) {
        let told = finding["gain"]["mean"]
            .as_str()
            .and_then(|told| told.parse().ok());
        let told: f64 = told.expect("a number");
        let error = (told - measured).abs() / measured;
        assert!(
            error <= TOLERANCE,
            "{}: {:.1} ms are told and {:.1} ms were gained",
            self.fault,
            told / 1e6,
            measured / 1e6
        );
    }
}
