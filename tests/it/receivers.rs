//! Alerts as they reach those who are told: an Alertmanager, receivers of webhooks with the libraries that they use, Slack and PagerDuty
//! as far as their own packages know what they take.
//!
//! The service's clock is set on where its next minutes would be waited for, so that an alert fires and ends within seconds. The minutes
//! that it looks at then are over by everybody's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coldtrace_tests::{Backend, BackendOptions, Fault, Faults, Reply, eventually, get_json, post};
use serde_json::{Value, json};

mod alertmanager;
mod inbox;
mod signatures;
mod vendors;

use inbox::Inbox;

const MINUTE: Duration = Duration::from_secs(60);
/// Of evaluations: long enough for a service to start and for what is sent to be stored before, on a busy machine too.
const DELAY: Duration = Duration::from_secs(2 * 60);
/// Minutes from the beginning of the one that fails to the end of the one that ends the alert, by the rule below. Unless the clock is
/// set on the alert ends with the last of them, which nobody here waits for.
const EPISODE: u32 = 4;
/// Of a minute, so that it has begun.
const MOMENT: Duration = Duration::from_secs(2);
/// A minute is looked at within five seconds; the rest is for a busy machine.
const TOLD: Duration = Duration::from_secs(100);
/// With what a receiver could take for its own syntax.
const FUNCTION: &str = "checkout <!here> & co";
const ALERT: &str = "checkout fails";
/// Invocations of a minute, and those of them that fail.
const INVOCATIONS: usize = 40;
const FAILED: usize = 10;
const PUBLIC_URL: &str = "https://traces.example.com";
const RULES: &str = r#"
[[rule]]
name = "checkout fails"
severity = "critical"
keep = "2m"
runbook = "https://wiki.example.com/checkout?a=1&b=2"
labels = { team = "payments" }
[rule.when]
kind = "threshold"
measure = "errors"
above = 2
window = "1m"
"#;

/// A service that can be made to fire one alert, once, and to end it.
struct Scene {
    backend: Backend,
    faults: Faults,
    /// In which invocations fail, since 1970.
    minute: Duration,
    /// Of rules and faults.
    _folder: tempfile::TempDir,
}

// === impl Scene ===

impl Scene {
    /// With a rule and no channels, in the minute in which invocations are to fail.
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let rules = folder.path().join("rules.toml");
        std::fs::write(&rules, RULES).expect("write a file");
        let faults = Faults::new(folder.path());
        let options = BackendOptions::default()
            .set("COLDTRACE_ALERTS__DELAY", format!("{}s", DELAY.as_secs()))
            .set("COLDTRACE_ALERTS__RULES", rules.to_string_lossy())
            .set("COLDTRACE_ALERTS__STARTER_RULES", "false")
            .set("COLDTRACE_ALERTS__PUBLIC_URL", PUBLIC_URL)
            .set("COLDTRACE_ALERTS__ALLOWED_ADDRESSES", "127.0.0.1");
        let minute = whole_minute(now() - MINUTE * EPISODE);
        set_clock(&faults, minute + MINUTE / 2);
        Self {
            backend: faults.below(options).start(),
            faults,
            minute,
            _folder: folder,
        }
    }

    /// A channel by the API: what it answered, with what is shown once.
    fn channel(&self, channel: &Value) -> Value {
        let created = self.post("/api/v1/alerts/channels", channel);
        assert_eq!(created.status, 201, "{}", created.body);
        created.json()
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        let url = format!("{}{path}", self.backend.api);
        let headers = [("content-type", "application/json")];
        post(&url, &headers, body.to_string().as_bytes()).expect("it answers")
    }

    /// Invocations of a minute, some of which fail; then the minute is looked at.
    fn fire(&self) {
        let url = format!("{}/v1/traces", self.backend.http);
        let headers = [("content-type", "application/json")];
        let sent = post(&url, &headers, &invocations(self.minute)).expect("it answers");
        assert_eq!(sent.status, 200, "{}", sent.body);
        self.backend.wait_until_drained(TOLD);
        set_clock(&self.faults, self.minute + MINUTE + DELAY + MOMENT);
    }

    /// Minutes in which nothing fails.
    fn end(&self) {
        let end = self.minute + MINUTE * EPISODE;
        set_clock(&self.faults, end + DELAY + MOMENT);
    }

    /// What is noted of the messages of a channel, the latest first, once there are so many. Each was delivered, at once.
    fn delivered(&self, created: &Value, messages: usize) -> Vec<Value> {
        let channel = created["channel"]["channel"].as_str().expect("an id");
        let deliveries = format!("{}/api/v1/alerts/deliveries", self.backend.api);
        let listed = eventually("deliveries to be noted", TOLD, || {
            let listed = get_json(&format!("{deliveries}?channel={channel}"));
            let all = listed["deliveries"].as_array().expect("a list");
            let waits = all.iter().any(|one| one["state"] == "waiting");
            (all.len() >= messages && !waits).then(|| all.clone())
        });
        assert_eq!(listed.len(), messages, "{listed:#?}");
        let is_delivered = |one: &Value| one["state"] == "delivered" && one["attempts"] == 1;
        assert!(listed.iter().all(is_delivered), "{listed:#?}");
        let ids = listed.iter().filter_map(|one| one["delivery"].as_str());
        ids.map(|id| get_json(&format!("{deliveries}/{id}")))
            .collect()
    }
}

/// Since 1970, by the clock of everybody else.
fn now() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("the clock is past 1970")
}

fn whole_minute(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() / MINUTE.as_secs() * MINUTE.as_secs())
}

fn set_clock(faults: &Faults, to: Duration) {
    let nanos = |time: Duration| i64::try_from(time.as_nanos()).expect("not so far ahead");
    faults.set(Fault::ClockShift, nanos(to) - nanos(now()));
}

/// Each a trace of its own, within a second of this time.
fn invocations(at: Duration) -> Vec<u8> {
    let span = |number: usize| {
        let fails = number < FAILED;
        let trace_id = format!("{:032x}", number + 1);
        let start = at.as_nanos() + number as u128 * 1_000_000;
        let mut attributes = vec![text("faas.invocation_id", &trace_id)];
        attributes.push(text("plan", if fails { "pro" } else { "free" }));
        json!({
            "traceId": trace_id,
            "spanId": format!("{:016x}", number + 1),
            "name": FUNCTION,
            "kind": 2,
            "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": (start + 20_000_000).to_string(),
            "attributes": attributes,
            "status": if fails { json!({"code": 2, "message": "card declined"}) } else { json!({}) },
        })
    };
    let spans: Vec<Value> = (0..INVOCATIONS).map(span).collect();
    let request = json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", FUNCTION)]},
        "scopeSpans": [{"spans": spans}],
    }]});
    request.to_string().into_bytes()
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}
