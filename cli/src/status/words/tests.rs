use coldtrace_model::UnixNanos;
use coldtrace_service::metrics::Registry;

use super::super::ask::{Answer, Pages, Silent};
use super::super::report::{Bounds, Report, Role};
use super::told;

const NOW: UnixNanos = UnixNanos(1_800_000_000_000_000_000);
const BOUNDS: Bounds = Bounds {
    log_cap: 2 << 30,
    settles: true,
};

/// What the services of a process have counted, as they would.
fn metrics(change: impl Fn(&str, &[(&str, &str)]) -> u64) -> String {
    let registry = Registry::new();
    let count = |name: &str, labels: &[(&str, &str)]| {
        let full = format!("coldtrace_{name}");
        registry
            .counter(&full, "", labels)
            .add(change(name, labels));
    };
    for item in ["span", "log", "other"] {
        count("collector_accepted_rows_total", &[("item", item)]);
        for reason in ["malformed", "no_time", "ahead", "old"] {
            let labels = [("item", item), ("reason", reason)];
            count("collector_rejected_items_total", &labels);
        }
    }
    for status in ["200", "429"] {
        count("collector_requests_total", &[("status", status)]);
    }
    for outcome in ["ambiguous", "unavailable", "absent", "rejected"] {
        count("collector_insert_failures_total", &[("outcome", outcome)]);
    }
    for table in ["spans", "trace_index"] {
        for name in [
            "store_broken_parts",
            "store_failing_merges",
            "store_mended_parts_total",
        ] {
            count(name, &[("table", table)]);
        }
    }
    for name in [
        "collector_tenant_refusals_total",
        "collector_resent_requests_total",
        "collector_log_held_bytes",
        "collector_log_oldest_timestamp_seconds",
        "collector_log_failures_total",
        "collector_log_damaged_total",
        "collector_log_torn_total",
        "store_disk_bytes",
        "store_parts",
        "store_partition_parts",
        "store_free_bytes",
        "store_measured_timestamp_seconds",
        "settle_lease",
        "settle_waiting_windows",
        "settle_behind_seconds",
        "settle_windows_total",
        "settle_again_total",
        "settle_failures_total",
    ] {
        count(name, &[]);
    }
    let took = registry.histogram("coldtrace_collector_insert_seconds", "", &[]);
    for _ in 0..change("inserts", &[]) {
        took.observe(0.004);
    }
    registry.render()
}

fn calm(name: &str, labels: &[(&str, &str)]) -> u64 {
    let seconds = NOW.0 / 1_000_000_000;
    match (name, labels) {
        ("collector_accepted_rows_total", [("item", "span")]) => 1_234_567,
        ("collector_accepted_rows_total", [("item", "log")]) => 98,
        ("collector_rejected_items_total", [("item", "span"), ("reason", "old")]) => 3,
        ("collector_requests_total", [(_, "200")]) => 2_500,
        ("collector_log_held_bytes", _) => 5_000,
        ("collector_log_oldest_timestamp_seconds", _) => seconds - 1,
        ("store_disk_bytes", _) => 3 << 30,
        ("store_parts", _) => 87,
        ("store_partition_parts", _) => 12,
        ("store_free_bytes", _) => 200 << 30,
        ("store_measured_timestamp_seconds", _) => seconds - 12,
        ("settle_lease", _) => 1,
        ("settle_windows_total", _) => 420,
        ("inserts", _) => 120,
        _ => 0,
    }
}

fn troubled(name: &str, labels: &[(&str, &str)]) -> u64 {
    match (name, labels) {
        ("collector_requests_total", [(_, "429")]) => 7,
        ("collector_log_held_bytes", _) => 1_900 << 20,
        ("collector_log_oldest_timestamp_seconds", _) => NOW.0 / 1_000_000_000 - 3_700,
        ("collector_log_damaged_total", _) => 2,
        ("collector_insert_failures_total", [(_, "unavailable")]) => 1_800,
        ("collector_insert_failures_total", [(_, "rejected")]) => 1,
        ("store_partition_parts", _) => 1_200,
        ("store_free_bytes", _) => 300 << 20,
        ("store_broken_parts", [(_, "spans")]) => 2,
        ("store_broken_parts", _) => 1,
        ("store_failing_merges", [(_, "trace_index")]) => 1,
        ("store_mended_parts_total", [(_, "trace_index")]) => 3,
        ("settle_waiting_windows", _) => 61,
        ("settle_behind_seconds", _) => 3_650,
        _ => calm(name, labels),
    }
}

fn answer(role: Role, pages: Result<Pages, Silent>) -> Answer {
    let port = match role {
        Role::Collector => 4318,
        Role::Query => 7070,
    };
    Answer {
        role,
        url: format!("http://127.0.0.1:{port}"),
        pages,
    }
}

fn pages(store: &str, metrics: Option<String>) -> Result<Pages, Silent> {
    let ready = store.is_empty();
    let component = serde_json::json!({"ready": ready, "detail": store});
    let ready = serde_json::json!({"ready": ready, "components": {"store": component}});
    Ok(Pages {
        ready: ready.to_string(),
        metrics,
    })
}

fn report(collector: Result<Pages, Silent>, query: Result<Pages, Silent>) -> Report {
    let answers = [
        answer(Role::Collector, collector),
        answer(Role::Query, query),
    ];
    Report::of(&answers, BOUNDS, NOW)
}

#[test]
fn all_well_is_told_with_every_figure() {
    let up = || pages("", Some(metrics(calm)));
    let expected = "\
All is well.

  collector  ready at http://127.0.0.1:4318
  query      ready at http://127.0.0.1:7070

Taken in since the collector started
  spans      1,234,567 accepted, rejected: 3 old
  logs       98 accepted, none rejected
  other      0 accepted, none rejected
  requests   answered 2,500 with 200
  resent     0 requests that had come before, not stored again
  log        4.9 KiB of 2.0 GiB held, the oldest for 1 s
  damage     0 places lost, 0 torn ends, 0 failed writes
  inserts    120 in 4.0 ms on average, 99 of 100 within 5.0 ms
  retries    none
  drops      0 blocks

  store      reached; 3.0 GiB on disk, 200.0 GiB free, 87 parts, at most 12 in a partition, seen 12 s ago
  settled    420 windows, 0 again, 0 failures; all that is due
";
    assert_eq!(told(&report(up(), up())), expected);
}

#[test]
fn what_is_not_well_comes_first_and_says_what_to_do() {
    let down = "ClickHouse at http://127.0.0.1:8123 does not answer: connection refused";
    let up = || pages(down, Some(metrics(troubled)));
    let told = told(&report(up(), up()));
    let expected = "\
Not well:
  - store is not ready (ClickHouse at http://127.0.0.1:8123 does not answer: connection refused): look at ClickHouse, or at the engine's log in the data folder; the collector's log keeps what was acknowledged
  - the oldest request in the log has waited 1 h 1 min for the store: the store is away or too slow; the collector's log says which
  - the log is nearly full (1.9 GiB of 2.0 GiB): when it is, requests are refused; bring the store back or raise collector.log_cap
  - the log was damaged on disk in 2 places, and what stood there is lost: look at the disk; the bytes are in log/quarantine of the data folder
  - the store refused 1 block for good: what was in it is in log/quarantine of the data folder, and the collector's log says why
  - the store's disk has only 300.0 MiB left: make room, or keep data for fewer days (collector.keep_days, `coldtrace limits`)
  - a partition of the store has 1,200 parts, and ClickHouse slows inserts down: its merges don't keep up; give it more cores or a faster disk
  - the store found 2 parts of spans damaged and set them aside: look at the disk; their rows are missing from answers, see docs/guides/damage.md
  - the store found 1 part of trace_index damaged and set it aside: look at the disk; what was in it is made again from base tables
  - merges of trace_index fail again and again in 1 partition: the log says why; make room if the disk is full, and see docs/guides/damage.md
  - settling is 1 h 0 min behind (61 windows wait): numbers are right, and slower to read; see settle.cpu_share and the log of query

  collector  up, not ready at http://127.0.0.1:4318
  query      up, not ready at http://127.0.0.1:7070
";
    assert!(told.starts_with(expected), "{told}");
    assert!(told.contains("  retries    1,800 unavailable\n"), "{told}");
    assert!(told.contains("  store      not reached; "), "{told}");
    assert!(told.contains(", 3 damaged parts made again, "), "{told}");
}

#[test]
fn a_service_that_is_not_there_or_hides_its_numbers_is_told_so() {
    let refused = Err(Silent::Because("connection refused".to_owned()));
    let report = report(refused, pages("", None));
    let expected = "\
Not well:
  - collector does not answer at http://127.0.0.1:4318 (connection refused): start it with `coldtrace up` or `coldtrace collector`, or say where it is (collector.http_listen, --collector); where it does not run here, ask with --only for the other
  - the numbers of query are shown to a key of scope admin alone: set control.api_key (`coldtrace keys create --scope admin` makes one)

  collector  does not answer at http://127.0.0.1:4318
  query      ready at http://127.0.0.1:7070

  store      reached; what it takes of its disk is not known
";
    assert_eq!(told(&report), expected);
    assert!(report.to_json().contains(r#""well":false"#));
}
