//! The report as a person reads it at three in the morning: what is not well first.

use std::collections::BTreeMap;

use super::page::Took;
use super::report::{Collector, Report, Service, Settle, Store};

/// The whole text.
pub(super) fn told(report: &Report) -> String {
    let mut text = match report.problems.as_slice() {
        [] => "All is well.\n".to_owned(),
        problems => {
            let listed = problems.iter().map(|problem| format!("  - {problem}\n"));
            format!("Not well:\n{}", listed.collect::<String>())
        }
    };
    text.push('\n');
    for service in &report.services {
        line(&mut text, service.role.name(), &of_service(service));
    }
    if let Some(collector) = &report.collector {
        text.push_str("\nTaken in since the collector started\n");
        of_collector(&mut text, collector);
    }
    text.push('\n');
    line(&mut text, "store", &of_store(report));
    if let Some(settle) = &report.settle {
        line(&mut text, "settled", &of_settle(settle));
    }
    text
}

fn of_service(service: &Service) -> String {
    let state = match (service.answers, service.ready) {
        (false, _) => "does not answer",
        (true, false) => "up, not ready",
        (true, true) => "ready",
    };
    format!("{state} at {}", service.url)
}

fn of_collector(text: &mut String, collector: &Collector) {
    for (item, name) in [("span", "spans"), ("log", "logs"), ("other", "other")] {
        let accepted = collector.accepted.get(item).copied().unwrap_or(0);
        let rejected = collector.rejected.get(item).map_or(String::new(), listed);
        let rejected = match rejected.as_str() {
            "" => "none rejected".to_owned(),
            reasons => format!("rejected: {reasons}"),
        };
        line(
            text,
            name,
            &format!("{} accepted, {rejected}", number(accepted)),
        );
    }
    line(text, "requests", &of_requests(collector));
    let resent = many(collector.resent_requests, "request");
    line(
        text,
        "resent",
        &format!("{resent} that had come before, not stored again"),
    );
    let log = &collector.log;
    let waits = match log.oldest_seconds {
        Some(oldest) => format!("the oldest for {}", length(oldest)),
        None => "nothing waits".to_owned(),
    };
    let (held, cap) = (size(log.held_bytes), size(log.cap_bytes));
    line(text, "log", &format!("{held} of {cap} held, {waits}"));
    let damaged = many(log.damaged, "place");
    let torn = many(log.torn, "torn end");
    let failures = many(log.failures, "failed write");
    line(
        text,
        "damage",
        &format!("{damaged} lost, {torn}, {failures}"),
    );
    let inserts = &collector.inserts;
    let took = inserts.took.map_or("none yet".to_owned(), of_took);
    line(text, "inserts", &took);
    let retries = match listed(&inserts.retries).as_str() {
        "" => "none".to_owned(),
        retries => retries.to_owned(),
    };
    line(text, "retries", &retries);
    line(text, "drops", &many(inserts.dropped, "block"));
}

fn of_requests(collector: &Collector) -> String {
    let requests = collector.requests.iter();
    let answered = requests.map(|(status, count)| format!("{} with {status}", number(*count)));
    let answered = match answered.collect::<Vec<_>>().join(", ").as_str() {
        "" => "none yet".to_owned(),
        answered => format!("answered {answered}"),
    };
    match listed(&collector.refused_by_limit).as_str() {
        "" => answered,
        limits => format!("{answered}; refused by a tenant's limit: {limits}"),
    }
}

fn of_store(report: &Report) -> String {
    let components = report
        .services
        .iter()
        .filter_map(|service| service.components.get("store"));
    let reached: Vec<bool> = components.map(|store| store.ready).collect();
    let reached = match reached.as_slice() {
        [] => return "not known: no service answers".to_owned(),
        services if services.iter().all(|reached| *reached) => "reached",
        _ => "not reached",
    };
    match &report.store {
        Some(store) => format!("{reached}; {}", of_disk(store)),
        None => format!("{reached}; what it takes of its disk is not known"),
    }
}

fn of_disk(store: &Store) -> String {
    let free = match store.free_bytes {
        Some(free) => format!(", {} free", size(free)),
        None => String::new(),
    };
    let mended = match store.mended_parts {
        0 => String::new(),
        parts => format!(", {} made again", many(parts, "damaged part")),
    };
    format!(
        "{} on disk{free}, {} parts, at most {} in a partition{mended}, seen {} ago",
        size(store.disk_bytes),
        number(store.parts),
        number(store.partition_parts),
        length(store.seen_seconds)
    )
}

fn of_settle(settle: &Settle) -> String {
    if !settle.enabled {
        return "not here (settle.enabled is false)".to_owned();
    }
    if !settle.is_ours {
        return "not by this service: another has the lease, or the store was not reached yet"
            .to_owned();
    }
    let done = format!(
        "{} windows, {} again, {} failures",
        number(settle.settled),
        number(settle.settled_again),
        number(settle.failures)
    );
    match settle.waiting_windows {
        0 => format!("{done}; all that is due"),
        waiting => format!(
            "{done}; {} are due and wait, {} behind",
            number(waiting),
            length(settle.behind_seconds)
        ),
    }
}

fn of_took(took: Took) -> String {
    let most = match took.most {
        Some(most) => format!("99 of 100 within {}", short(most)),
        None => "more than one in 100 beyond 10 s".to_owned(),
    };
    format!(
        "{} in {} on average, {most}",
        number(took.count),
        short(took.mean)
    )
}

/// `3 old, 1 malformed`, or nothing.
fn listed(counts: &BTreeMap<String, u64>) -> String {
    let counts = counts.iter();
    let counts = counts.map(|(name, count)| format!("{} {name}", number(*count)));
    counts.collect::<Vec<_>>().join(", ")
}

fn line(text: &mut String, name: &str, what: &str) {
    text.push_str(&format!("  {name:<10} {what}\n"));
}

/// With an s where it is not one.
pub(super) fn many(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {what}{s}", number(count))
}

/// With commas.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut printed = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            printed.push(',');
        }
        printed.push(digit);
    }
    printed
}

/// In the largest unit of which there is one.
pub(super) fn size(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.into_iter().find(|(_, bits)| bytes >> bits > 0) {
        Some((unit, bits)) => format!("{:.1} {unit}", bytes as f64 / (1_u64 << bits) as f64),
        None => format!("{bytes} B"),
    }
}

/// Seconds in the two largest units.
pub(super) fn length(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

fn short(seconds: f64) -> String {
    match seconds {
        0.0..1.0 => format!("{:.1} ms", seconds * 1_000.0),
        _ => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests;
