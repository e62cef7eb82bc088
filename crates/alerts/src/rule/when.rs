//! What is bad, out of a rule's `when`: the keys of each kind, and what contradicts itself.

use coldtrace_model::Nanos;

use super::node::{Node, Value};
use super::read::{Fields, Told, flag, given};
use super::{Bound, BurnWindow, Direction, Good, MOST_WEEKS, When};
use crate::nearest::instead_of;
use crate::quantity::{examples, figure, read as quantity};
use crate::{Comparison, Measure, Unit, Window};

pub(super) const KINDS: [&str; 7] = [
    "threshold",
    "ratio",
    "absence",
    "burn_rate",
    "error_group",
    "cold_start_budget",
    "deviation",
];
/// Of one nobody knows whether it was usual.
const FEWEST_WEEKS: u8 = 2;
/// Pairs of windows.
const MOST_PAIRS: usize = 4;

/// `None` with at least one mistake.
pub(super) fn read(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<When> {
    if fields.get("kind").is_none() {
        let line = fields.line_of("kind");
        let message = format!("is missing: one of {}", KINDS.join(", "));
        told.say(line, &fields.path("kind"), message);
    }
    let kind = fields.word(told, "kind", &KINDS, |kind| kind)?;
    match kind {
        "threshold" => threshold(fields, told),
        "ratio" => ratio(fields, told),
        "absence" => absence(fields, told),
        "burn_rate" => burn_rate(fields, told),
        "error_group" => error_group(fields, told),
        "cold_start_budget" => cold_start_budget(fields, told),
        _ => deviation(fields, told),
    }
}

fn threshold(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<When> {
    let keys = [
        "kind", "measure", "above", "below", "clear", "window", "at_least",
    ];
    fields.only(&keys, told);
    let measure = measure(fields, told, "measure");
    // Without a measure nobody knows in which unit the bound is.
    let bound = measure.and_then(|measure| bound(fields, told, measure.unit()));
    let window = window(fields, told, "window");
    let least = least(fields, told, measure.is_some_and(Measure::is_amount));
    Some(When::Threshold {
        measure: measure?,
        bound: bound?,
        window: window?,
        at_least: least,
    })
}

fn ratio(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<When> {
    let keys = [
        "kind", "of", "to", "above", "below", "clear", "window", "at_least",
    ];
    fields.only(&keys, told);
    let (of, to) = (measure(fields, told, "of"), measure(fields, told, "to"));
    if let (Some(of), Some(to)) = (of, to)
        && of.family() != to.family()
    {
        let alike = Measure::all().filter(|other| other.family() == of.family() && *other != of);
        let alike: Vec<&str> = alike.map(Measure::as_str).collect();
        let message = format!(
            "{} divided by {} says nothing; to {} these can be compared: {}",
            of.as_str(),
            to.as_str(),
            of.as_str(),
            alike.join(", ")
        );
        told.say(fields.line_of("to"), &fields.path("to"), message);
    }
    let bound = bound(fields, told, Unit::Times);
    let window = window(fields, told, "window");
    let least = least(fields, told, of.is_some_and(Measure::is_amount));
    Some(When::Ratio {
        of: of?,
        to: to?,
        bound: bound?,
        window: window?,
        at_least: least,
    })
}

fn absence(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<When> {
    fields.only(&["kind", "window", "seen_within"], told);
    let window = window(fields, told, "window");
    let seen = optional_window(fields, told, "seen_within").unwrap_or(Window::Hours(24));
    if let Some(window) = window
        && window.length() >= seen.length()
    {
        let message = format!("must be longer than the window ({window}), but is {seen}");
        told.say(
            fields.line_of("seen_within"),
            &fields.path("seen_within"),
            message,
        );
    }
    Some(When::Absence {
        window: window?,
        seen_within: seen,
    })
}

fn burn_rate(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<When> {
    fields.only(&["kind", "objective", "good", "windows", "at_least"], told);
    let allowed = "a share between 0 and 1 such as 0.999, or a percentage such as \"99.9%\"";
    let objective = fields.required(told, "objective", allowed, |node| {
        quantity(Unit::Share, given(node)?).filter(|share| *share > 0.0 && *share < 1.0)
    });
    let good = good(fields, told);
    let pairs = format!("1 to {MOST_PAIRS} tables of long, short and factor");
    let nodes = fields.optional(told, "windows", &pairs, |node| match &node.value {
        Value::List(nodes) if (1..=MOST_PAIRS).contains(&nodes.len()) => Some(nodes),
        _ => None,
    });
    let windows = match nodes {
        Some(nodes) => {
            let pairs = nodes.iter().enumerate();
            let pairs: Vec<_> = pairs
                .filter_map(|(place, node)| burn_window(node, place, fields, told))
                .collect();
            pairs
        }
        None => BurnWindow::USUAL.to_vec(),
    };
    Some(When::BurnRate {
        objective: objective?,
        good,
        windows,
        at_least: least(fields, told, false),
    })
}

fn good(fields: &Fields<'_>, told: &mut Told<'_>) -> Good {
    let allowed = "\"success\", or { faster_than = \"500ms\" }";
    let good = fields.optional(told, "good", allowed, |node| match &node.value {
        Value::Text(text) if text == "success" => Some(Some(Good::Success)),
        // Its own mistakes are told below.
        Value::Table(_) => Some(None),
        _ => None,
    });
    if let Some(Some(good)) = good {
        return good;
    }
    let table = match fields.get("good").map(|node| &node.value) {
        Some(Value::Table(_)) => fields.table(told, "good", false),
        _ => None,
    };
    let Some(table) = table else {
        return Good::Success;
    };
    table.only(&["faster_than"], told);
    length(&table, told, "faster_than").map_or(Good::Success, Good::FasterThan)
}

fn burn_window(
    node: &Node,
    place: usize,
    fields: &Fields<'_>,
    told: &mut Told<'_>,
) -> Option<BurnWindow> {
    let path = fields.path(&format!("windows[{place}]"));
    let Value::Table(pair) = &node.value else {
        told.wrong(node, &path, "a table of long, short and factor");
        return None;
    };
    let pair = Fields::new(&format!("{path}."), node.line, pair);
    pair.only(&["long", "short", "factor"], told);
    let (long, short) = (window(&pair, told, "long"), window(&pair, told, "short"));
    if let (Some(long), Some(short)) = (long, short)
        && short.length() >= long.length()
    {
        let message = format!("must be shorter than long ({long}), but is {short}");
        told.say(pair.line_of("short"), &pair.path("short"), message);
    }
    let factor = factor(&pair, told, true, "a number above 0, such as 14.4", 0.0);
    Some(BurnWindow {
        long: long?,
        short: short?,
        factor: factor?,
    })
}

fn error_group(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<When> {
    fields.only(&["kind", "new", "regressed", "at_least", "window"], told);
    let is_new = fields
        .optional(told, "new", "true or false", flag)
        .unwrap_or(true);
    let is_back = fields
        .optional(told, "regressed", "true or false", flag)
        .unwrap_or(true);
    if !is_new && !is_back {
        let message = "new and regressed are both false: no group is told";
        told.say(fields.line_of("new"), &fields.path("new"), message);
    }
    let window = optional_window(fields, told, "window").unwrap_or(Window::Minutes(30));
    Some(When::ErrorGroup {
        new: is_new,
        regressed: is_back,
        at_least: least(fields, told, false),
        window,
    })
}

fn cold_start_budget(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<When> {
    fields.only(&["kind", "init", "share", "window", "at_least"], told);
    let init = length(fields, told, "init");
    let share = fields.required(told, "share", examples(Unit::Share), |node| {
        quantity(Unit::Share, given(node)?).filter(|share| *share < 1.0)
    });
    let window = window(fields, told, "window");
    Some(When::ColdStartBudget {
        init: init?,
        share: share?,
        window: window?,
        at_least: least(fields, told, false),
    })
}

fn deviation(fields: &Fields<'_>, told: &mut Told<'_>) -> Option<When> {
    let keys = [
        "kind",
        "measure",
        "window",
        "factor",
        "direction",
        "weeks",
        "at_least",
    ];
    fields.only(&keys, told);
    let measure = measure(fields, told, "measure");
    let window = window(fields, told, "window");
    if let Some(Window::Hours(_)) = window {
        let message = "is too long: a deviation is of at most \"2h\", against the same hours of earlier weeks";
        told.say(fields.line_of("window"), &fields.path("window"), message);
    }
    let factor = factor(fields, told, false, "a number above 1, such as 2.5", 1.0).unwrap_or(2.0);
    let direction = fields.word(told, "direction", &Direction::ALL, Direction::as_str);
    let weeks = fields.optional(told, "weeks", "a whole number from 2 to 8", |node| {
        (FEWEST_WEEKS..=MOST_WEEKS).find(|&weeks| is_number(node, f64::from(weeks)))
    });
    let least = least(fields, told, measure.is_some_and(Measure::is_amount));
    Some(When::Deviation {
        measure: measure?,
        window: window?,
        factor,
        direction: direction.unwrap_or_default(),
        weeks: weeks.unwrap_or(4),
        at_least: least,
    })
}

fn is_number(node: &Node, number: f64) -> bool {
    matches!(node.value, Value::Number(given) if given == number)
}

fn measure(fields: &Fields<'_>, told: &mut Told<'_>, key: &str) -> Option<Measure> {
    let names: Vec<&str> = Measure::all().map(Measure::as_str).collect();
    let allowed = format!("one of {}", names.join(", "));
    let text = fields.required(told, key, &allowed, |node| match &node.value {
        Value::Text(text) => Some((node, text)),
        _ => None,
    });
    let (node, text) = text?;
    let measure = Measure::named_as(text);
    if measure.is_none() {
        let message = format!("unknown {}; {}", node.described(), instead_of(text, &names));
        told.say(node.line, &fields.path(key), message);
    }
    measure
}

fn bound(fields: &Fields<'_>, told: &mut Told<'_>, unit: Unit) -> Option<Bound> {
    let allowed = examples(unit);
    let mut value = |key| {
        let read = |node| quantity(unit, given(node)?);
        fields.optional(told, key, allowed, read)
    };
    let (above, below, clear) = (value("above"), value("below"), value("clear"));
    let (bad, threshold) = match (fields.get("above"), fields.get("below")) {
        (Some(_), Some(node)) => {
            let message = "above and below can't both be: a rule has one bad side";
            told.say(node.line, &fields.path("below"), message);
            return None;
        }
        (None, None) => {
            let message = format!("above or below is missing: {allowed}");
            told.say(fields.line_of("above"), &fields.path("above"), message);
            return None;
        }
        (Some(_), None) => (Comparison::Above, above?),
        (None, Some(_)) => (Comparison::Below, below?),
    };
    if bad == Comparison::Below && threshold == 0.0 {
        told.say(
            fields.line_of("below"),
            &fields.path("below"),
            "nothing is below 0",
        );
    }
    if unit == Unit::Share && bad == Comparison::Above && threshold == 1.0 {
        told.say(
            fields.line_of("above"),
            &fields.path("above"),
            "no share is above 100%",
        );
    }
    let bound = Bound {
        bad,
        threshold,
        clear,
    };
    if let Some(clear) = clear
        && bound.is_bad(clear)
    {
        let side = match bad {
            Comparison::Above => "above",
            Comparison::Below => "below",
        };
        let message = format!(
            "{} is on the bad side: it is {side} {}",
            figure(unit, clear),
            figure(unit, threshold)
        );
        told.say(fields.line_of("clear"), &fields.path("clear"), message);
    }
    Some(bound)
}

fn window(fields: &Fields<'_>, told: &mut Told<'_>, key: &str) -> Option<Window> {
    fields.required(told, key, Window::ALLOWED, read_window)
}

fn optional_window(fields: &Fields<'_>, told: &mut Told<'_>, key: &str) -> Option<Window> {
    fields.optional(told, key, Window::ALLOWED, read_window)
}

fn read_window(node: &Node) -> Option<Window> {
    match &node.value {
        Value::Text(text) => Window::read(text),
        _ => None,
    }
}

fn length(fields: &Fields<'_>, told: &mut Told<'_>, key: &str) -> Option<Nanos> {
    let length = fields.required(told, key, examples(Unit::Nanos), |node| {
        quantity(Unit::Nanos, given(node)?).filter(|nanos| *nanos > 0.0)
    });
    length.map(|nanos| Nanos(nanos as u64))
}

fn factor(
    fields: &Fields<'_>,
    told: &mut Told<'_>,
    must: bool,
    allowed: &str,
    least: f64,
) -> Option<f64> {
    let read = |node: &Node| quantity(Unit::Times, given(node)?).filter(|factor| *factor > least);
    match must {
        true => fields.required(told, "factor", allowed, read),
        false => fields.optional(told, "factor", allowed, read),
    }
}

/// An amount says something of no invocation as well, a rate of at least one.
fn least(fields: &Fields<'_>, told: &mut Told<'_>, is_amount: bool) -> u64 {
    let least = fields.optional(told, "at_least", "a whole number, such as 20", |node| {
        let least = quantity(Unit::Count, given(node)?)?;
        (least.fract() == 0.0).then_some(least as u64)
    });
    least.unwrap_or(u64::from(!is_amount))
}
