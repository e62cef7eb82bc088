//! `coldtrace compare`: what tells some invocations from the rest, and where the time of both went.

use std::fmt::Write as _;

use clap::Args;
use coldtrace_model::{Nanos, UnixNanos};
use serde::Deserialize;

use crate::api::{Service, escaped, length, nanos, plain, reach, read};
use crate::failure::Failure;
use crate::settings::say;

/// Where nothing says which invocations are meant.
const SLOWEST: f64 = 0.05;
/// Lines of the table.
const LINES: usize = 20;
/// A step of the path that differs by less of the longer whole is not told.
const LEAST_DIFFERENCE: f64 = 0.02;
/// Of a value, letters that are shown.
const WIDTH: usize = 60;

/// `coldtrace compare`.
#[derive(Args)]
pub(crate) struct CompareArguments {
    /// Of this function only.
    #[arg(long)]
    function: Option<String>,
    /// How far back, such as 15m, 6h or 7d.
    #[arg(long, default_value = "1h", value_parser = reach)]
    last: Nanos,
    /// Ask about this share of the longest; 0.05 where nothing else is asked.
    #[arg(long, value_name = "SHARE", conflicts_with = "longer")]
    slowest: Option<f64>,
    /// Ask about those that took as long or longer, such as 800ms or 2s.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    longer: Option<Nanos>,
    /// Ask about those that took as long or shorter.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    shorter: Option<Nanos>,
    /// Ask about those that ended so, such as error or timeout,oom.
    #[arg(long)]
    outcome: Option<String>,
    /// Ask about those that waited for a start (true), or that did not (false).
    #[arg(long)]
    cold: Option<bool>,
    /// Ask about those of this version.
    #[arg(long)]
    of_version: Option<String>,
    /// Ask about those since so long ago, such as 20m.
    #[arg(long, value_name = "AGO", value_parser = reach)]
    since: Option<Nanos>,
    /// Ask about those until so long ago.
    #[arg(long, value_name = "AGO", value_parser = reach)]
    until: Option<Nanos>,
    #[command(flatten)]
    service: Service,
    /// The service's own reply.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Reply {
    selected: Cohort,
    rest: Cohort,
    min_duration: Option<String>,
    items: Vec<Item>,
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Cohort {
    invocations: String,
    p50: Option<String>,
    p95: Option<String>,
}

/// `GET /api/v1/compare/paths`
#[derive(Deserialize)]
struct Paths {
    selected: Looked,
    rest: Looked,
    frames: Vec<Frame>,
}

#[derive(Deserialize)]
struct Looked {
    looked_at: usize,
}

#[derive(Deserialize)]
struct Frame {
    parent: Option<usize>,
    name: String,
    selected: String,
    rest: String,
}

#[derive(Deserialize)]
struct Item {
    key: String,
    value: Option<String>,
    share_selected: f64,
    share_rest: f64,
    lift: Option<f64>,
    explains: Option<f64>,
    also: Vec<Name>,
}

#[derive(Deserialize)]
struct Name {
    key: String,
    value: Option<String>,
}

/// Runs it.
pub(crate) fn run(arguments: &CompareArguments) -> Result<(), Failure> {
    let asked = asked(arguments, UnixNanos::now());
    let api = arguments.service.api()?;
    let reply = api.get(&format!("compare?{asked}"))?.unwrap_or_default();
    if arguments.json {
        return say(&format!("{reply}\n"));
    }
    let mut out = told(&read(&reply)?);
    let paths = api.get(&format!("compare/paths?{asked}"))?;
    draw_paths(&read(&paths.unwrap_or_default())?, &mut out);
    say(&out)
}

fn asked(arguments: &CompareArguments, now: UnixNanos) -> String {
    let ago = |ago: Nanos| now.minus(ago).0.to_string();
    let nanos = |length: Nanos| length.0.to_string();
    let chosen = [
        ("slowest", arguments.slowest.map(|share| share.to_string())),
        ("min_duration", arguments.longer.map(nanos)),
        ("max_duration", arguments.shorter.map(nanos)),
        ("outcome", arguments.outcome.clone()),
        ("cold", arguments.cold.map(|cold| cold.to_string())),
        ("version", arguments.of_version.clone()),
        ("since", arguments.since.map(ago)),
        ("until", arguments.until.map(ago)),
    ];
    let is_chosen = chosen.iter().any(|(_, value)| value.is_some());
    let default = (!is_chosen).then(|| ("slowest", Some(SLOWEST.to_string())));
    let rest = [("function", arguments.function.clone())];
    let mut path = format!("from={}&to={}", ago(arguments.last), now.0);
    for (name, value) in chosen.into_iter().chain(default).chain(rest) {
        if let Some(value) = value {
            write!(path, "&{name}={}", escaped(&value)).ok();
        }
    }
    path
}

fn told(reply: &Reply) -> String {
    let mut out = String::new();
    let (selected, rest) = (side(&reply.selected), side(&reply.rest));
    let longer = reply
        .min_duration
        .as_deref()
        .map_or_else(String::new, |least| {
            format!(", {} or longer", length(nanos(least)))
        });
    writeln!(out, "{selected}{longer}\nagainst {rest}").ok();
    if !reply.items.is_empty() {
        writeln!(out, "\n  of these   of the rest   times   explains").ok();
    }
    for item in reply.items.iter().take(LINES) {
        draw(item, &mut out);
    }
    if let Some(more @ 1..) = reply.items.len().checked_sub(LINES) {
        writeln!(out, "  and {more} that tell less").ok();
    }
    if reply.items.is_empty() && reply.warnings.is_empty() {
        writeln!(out, "\nnothing tells them apart that could not be chance").ok();
    }
    for warning in &reply.warnings {
        writeln!(out, "\nnote: {}", plain(warning)).ok();
    }
    out
}

/// `5000 invocations, half of them within 1.2 s, 95 % within 3 s`
fn side(cohort: &Cohort) -> String {
    let count = match cohort.invocations.as_str() {
        "1" => "1 invocation".to_owned(),
        many => format!("{many} invocations"),
    };
    match (&cohort.p50, &cohort.p95) {
        (Some(p50), Some(p95)) => {
            let (p50, p95) = (length(nanos(p50)), length(nanos(p95)));
            format!("{count}, half of them within {p50}, 95 % within {p95}")
        }
        _ => count,
    }
}

fn draw(item: &Item, out: &mut String) {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let times = match item.lift {
        Some(lift) if lift < 1_000.0 => format!("{lift:.1}"),
        Some(_) => "> 1000".to_owned(),
        None => "-".to_owned(),
    };
    let explains = item.explains.map_or_else(|| "-".to_owned(), percent);
    writeln!(
        out,
        "  {:>8}   {:>11}   {times:>5}   {explains:>8}   {}",
        percent(item.share_selected),
        percent(item.share_rest),
        named(&item.key, item.value.as_deref()),
    )
    .ok();
    for name in &item.also {
        let named = named(&name.key, name.value.as_deref());
        writeln!(out, "{:>46}as are those with {named}", "").ok();
    }
}

fn named(key: &str, value: Option<&str>) -> String {
    let Some(value) = value else {
        return format!("{} absent", plain(key));
    };
    let mut shown: String = plain(value).chars().take(WIDTH).collect();
    if shown.chars().count() < value.chars().count() {
        shown.push('…');
    }
    format!("{} = {shown}", plain(key))
}

/// The critical paths of both sides as one tree, without what is small.
fn draw_paths(paths: &Paths, out: &mut String) {
    let means = |frame: &Frame| [nanos(&frame.selected), nanos(&frame.rest)];
    let (Some(whole), 1.., 1..) = (
        paths.frames.first(),
        paths.selected.looked_at,
        paths.rest.looked_at,
    ) else {
        return;
    };
    let longest = means(whole).into_iter().max().unwrap_or_default();
    writeln!(
        out,
        "\nwhere their time went, in the mean of {} and of {} that were looked at\n\n  of these   of the rest   difference",
        paths.selected.looked_at, paths.rest.looked_at
    )
    .ok();
    let mut depths: Vec<usize> = Vec::with_capacity(paths.frames.len());
    for frame in &paths.frames {
        // A reply of another version may tell more roots, never a parent that comes later.
        let above = frame.parent.and_then(|parent| depths.get(parent));
        let depth = above.map_or(0, |depth| depth + 1);
        depths.push(depth);
        let [selected, rest] = means(frame);
        let differs = selected.abs_diff(rest);
        if (differs as f64) < longest as f64 * LEAST_DIFFERENCE {
            continue;
        }
        let sign = if selected < rest { '-' } else { '+' };
        writeln!(
            out,
            "  {:>8}   {:>11}   {:>10}   {:indent$}{}",
            length(selected),
            length(rest),
            format!("{sign}{}", length(differs)),
            "",
            plain(&frame.name),
            indent = depth * 2,
        )
        .ok();
    }
}

/// `250us`, `800ms`, `2s`, `1m`.
fn duration(text: &str) -> Result<Nanos, String> {
    let wrong = || "must be a number with us, ms, s or m, such as 800ms".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit: u64 = match &text[digits..] {
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    number.checked_mul(unit).map(Nanos).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        arguments: CompareArguments,
    }

    fn asked_by(arguments: &[&str]) -> String {
        let words = ["compare"].iter().chain(arguments);
        let command = Command::try_parse_from(words).expect("arguments");
        asked(&command.arguments, UnixNanos(7_200_000_000_000))
    }

    #[test]
    fn a_duration_is_a_number_with_a_unit() {
        assert_eq!(duration("800ms"), Ok(Nanos::from_millis(800)));
        assert_eq!(duration("2s"), Ok(Nanos::from_millis(2_000)));
        for wrong in [
            "",
            "2",
            "s",
            "-2s",
            "2h",
            "1.5s",
            "99999999999999999m",
            "2µs",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_asked_becomes_parameters_and_the_slowest_are_asked_about_otherwise() {
        let range = "from=3600000000000&to=7200000000000";
        assert_eq!(asked_by(&[]), format!("{range}&slowest=0.05"));
        assert_eq!(
            asked_by(&["--function", "a b", "--longer", "2s", "--until", "9m"]),
            format!("{range}&min_duration=2000000000&until=6660000000000&function=a%20b")
        );
    }

    #[test]
    fn a_comparison_is_told_as_a_table() {
        let reply = r#"{"selected":{"invocations":"5000","p50":"1243000000","p95":"3100000000","mean":"1"},
            "rest":{"invocations":"95000","p50":"120000000","p95":"310000000","mean":"1"},"min_duration":"812000000",
            "items":[{"key":"span.payment.provider","value":"slow\u001bpay","selected":"4500","rest":"950","share_selected":0.9,
            "share_rest":0.01,"lift":90.0,"z":200.1,"p":0.0,"explains":0.893,"also":[{"key":"span.plan","value":null}]},
            {"key":"version","value":"7","selected":"10","rest":"0","share_selected":0.002,"share_rest":0.0,"lift":null,
            "z":4.5,"p":0.00001,"explains":null,"also":[]}],"warnings":["as it is"]}"#;
        let reply: Reply = read(reply).expect("a reply");
        insta::assert_snapshot!(told(&reply));
    }

    #[test]
    fn paths_are_told_as_a_tree_without_what_hardly_differs() {
        let reply = r#"{"selected":{"invocations":"5000","looked_at":200},"rest":{"invocations":"95000","looked_at":198},"frames":[
            {"parent":null,"category":"handler","name":"checkout","selected":"1200000000","rest":"130000000","share_selected":1.0,"share_rest":1.0},
            {"parent":0,"category":"handler","name":"pay","selected":"1100000000","rest":"100000000","share_selected":1.0,"share_rest":1.0},
            {"parent":1,"category":"downstream","name":"POST bank\u001b","selected":"900000000","rest":"30000000","share_selected":1.0,"share_rest":0.5},
            {"parent":1,"category":"downstream","name":"GET fast","selected":"10000000","rest":"20000000","share_selected":1.0,"share_rest":1.0},
            {"parent":0,"category":"init","name":"init","selected":"0","rest":"25000000","share_selected":0.0,"share_rest":0.1}]}"#;
        let mut out = String::new();
        draw_paths(&read(reply).expect("a reply"), &mut out);
        insta::assert_snapshot!(out);
    }
}
