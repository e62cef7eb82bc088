//! Errors that are alike are one group, whatever came when and whether it is settled.

use coldtrace_model::{FactSet, Nanos, Outcome, Tenant, TimeRange, UnixNanos};
use coldtrace_store::Reader;
use coldtrace_store::native::Blocks;
use coldtrace_store::reader::{
    ErrorFilter, ErrorGroup, ErrorSort, ErrorState, InvocationFilter, InvocationSort, Narrowing,
    SILENCE,
};
use coldtrace_store::rows::{InvocationRow, Owner, SpanRow};
use coldtrace_testkit::engine::{self, KEEP_DAYS};

use crate::push::{NONE, plain_span, push_span};
use crate::settle::{BEGIN, Data, Dice, MINUTE, SECOND, check, settle_all};

const MINE: Owner<'static> = Owner {
    tenant: "default",
    keep_days: KEEP_DAYS,
};
/// Two hours, in which everything is.
const RANGE: TimeRange = TimeRange {
    from: UnixNanos(BEGIN - 60 * MINUTE),
    to: UnixNanos(BEGIN + 60 * MINUTE),
};
const HEX: &str = "0123456789abcdef";

/// A span, and its attributes.
type AttributedSpan<'a> = (SpanRow<'a>, Vec<(&'static str, String)>);

fn failed<'a>(request_id: &'a str, ts: u64, error_type: &'a str) -> InvocationRow<'a> {
    InvocationRow {
        facts: FactSet::FINISHED,
        outcome: Outcome::Error.number(),
        error_type,
        version: "7",
        ..InvocationRow::empty(MINE, "checkout", ts, request_id)
    }
}

/// The span that answered a request, and failed.
fn answer<'a>(request_id: &'a str, ts: u64, message: &'a [u8]) -> SpanRow<'a> {
    SpanRow {
        request_id,
        status: 2,
        status_message: message,
        ..plain_span(MINE, ts + SECOND)
    }
}

fn filter(range: TimeRange) -> ErrorFilter {
    ErrorFilter {
        range,
        function: None,
        id: None,
        sort: ErrorSort::Count,
        after: None,
        limit: 1_000,
        steps: 48,
    }
}

async fn groups(reader: &Reader, range: TimeRange) -> Vec<ErrorGroup> {
    let errors = reader.errors(&filter(range)).await.expect("an answer");
    assert_eq!(errors.total, errors.groups.len() as u64);
    for group in &errors.groups {
        assert_eq!(group.series.iter().sum::<u64>(), group.count, "{group:?}");
    }
    errors.groups
}

/// What groups are, and how many errors they have.
fn words(groups: &[ErrorGroup]) -> Vec<(&str, &str, u64)> {
    let mut told: Vec<(&str, &str, u64)> = groups
        .iter()
        .map(|group| (&*group.error_type, &*group.message, group.count))
        .collect();
    told.sort_unstable();
    told
}

/// Invocations and failed spans by chance, of whom some are one error.
fn errors<'a>(
    dice: &mut Dice,
    ids: &'a [String],
    messages: &'a [String],
) -> (Vec<InvocationRow<'a>>, Vec<AttributedSpan<'a>>) {
    let (mut rows, mut spans) = (Vec::new(), Vec::new());
    for id in ids {
        let ts = BEGIN + dice.below(20 * MINUTE);
        let function = ["checkout", "mailer"][dice.below(2) as usize];
        let started = InvocationRow {
            facts: FactSet::STARTED,
            deadline_unix_ns: dice.below(2) * (ts + dice.below(10 * MINUTE)),
            cold: dice.below(5) as u8,
            version: ["1", "2", ""][dice.below(3) as usize],
            ..InvocationRow::empty(MINE, function, ts, id)
        };
        rows.push(started);
        if dice.below(4) != 0 {
            rows.push(InvocationRow {
                facts: FactSet::FINISHED,
                outcome: 1 + dice.below(6) as u8,
                error_type: ["", "Runtime.ExitError", "Runtime.Unknown", "ValueError"]
                    [dice.below(4) as usize],
                ..started
            });
        }
        for _ in 0..dice.below(3) {
            // Some begin out of reach.
            let begin = ts - 90 * SECOND + dice.below(240 * SECOND);
            let message = &messages[dice.below(messages.len() as u64) as usize];
            let mut span = answer(id, begin, message.as_bytes());
            span.span_id = dice.below(1 << 60).to_be_bytes();
            span.kind = [2, 2, 5, 3][dice.below(4) as usize];
            span.status = [2, 2, 2, 0][dice.below(4) as usize];
            span.phase = ["", "", "", "invocation"][dice.below(4) as usize];
            let attributes = match dice.below(3) {
                0 => vec![("exception.type", "java.io.IOException".to_owned())],
                1 => vec![("error.type", "KeyError".to_owned()), ("x", "y".to_owned())],
                _ => Vec::new(),
            };
            spans.push((span, attributes));
        }
        if dice.below(4) == 0 {
            // The same request as a span tells it.
            rows.push(InvocationRow {
                facts: FactSet::FROM_SPAN,
                outcome: 2,
                ..InvocationRow::empty(MINE, "by span", ts + dice.below(25 * MINUTE), id)
            });
        }
    }
    (rows, spans)
}

#[tokio::test]
async fn errors_are_a_group_by_of_facts_and_failed_spans_before_and_after_they_are_settled() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    let mut dice = Dice(29);
    let ids: Vec<String> = (0..300).map(|number| format!("request-{number}")).collect();
    let messages: Vec<String> = (0..30)
        .map(|number| match number % 5 {
            0 => String::new(),
            1 => format!("ValueError: order {number} is 'gone'"),
            2 => format!("no stock of {}", ["pens", "ink"][number % 2]),
            3 => "KeyError: x".to_owned(),
            _ => format!("timed out after {number}.5 s"),
        })
        .collect();
    let (mut rows, mut spans) = errors(&mut dice, &ids, &messages);
    for index in (1..rows.len()).rev() {
        rows.swap(index, dice.below(index as u64 + 1) as usize);
    }
    for index in (1..spans.len()).rev() {
        spans.swap(index, dice.below(index as u64 + 1) as usize);
    }
    let ranges = [
        RANGE,
        // Begins and ends within a bucket.
        TimeRange {
            from: UnixNanos(BEGIN + 3 * MINUTE + 7),
            to: UnixNanos(BEGIN + 13 * MINUTE + 30 * SECOND),
        },
        TimeRange {
            from: UnixNanos(BEGIN + 6 * MINUTE),
            to: UnixNanos(BEGIN + 7 * MINUTE),
        },
    ];
    let read = async || {
        let mut told = Vec::new();
        for range in ranges {
            told.push(groups(&reader, range).await);
        }
        told
    };
    let parts = 3;
    let (some_rows, some_spans) = (rows.len() / parts + 1, spans.len() / parts + 1);
    for (rows, spans) in rows.chunks(some_rows).zip(spans.chunks(some_spans)) {
        data.invocations(rows).await;
        check(&settler).await;
        settle_all(&settler).await;
        let mut blocks = Blocks::default();
        for (span, attributes) in spans {
            let attributes = attributes.iter().map(|(key, value)| (*key, value));
            push_span(&mut blocks, *span, attributes);
        }
        data.insert(blocks).await;
        check(&settler).await;
        let before = read().await;
        settle_all(&settler).await;
        check(&settler).await;
        assert_eq!(read().await, before, "from the derived table");
    }
    let told = read().await;
    let counted: Vec<u64> = told
        .iter()
        .map(|groups| groups.iter().map(|group| group.count).sum())
        .collect();
    assert!(counted[0] > 200 && counted[2] > 5, "{counted:?}");
    assert!(told[0].len() > 10, "there was something to compare");
}

#[tokio::test]
async fn messages_that_differ_in_numbers_ids_and_quoted_texts_are_one_group() {
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    let (uuid, other) = (
        "5f0c2a9e-8f0b-4b6e-9a43-0d0c8f5b7f11",
        "00000000-8f0b-4b6e-9a43-0d0c8f5b7f11",
    );
    let alike = [
        [
            "ValueError: order 17 of customer 4 is gone".to_owned(),
            "ValueError: order 99120 of customer -3.5 is gone".to_owned(),
        ],
        [
            format!("RequestId: {uuid} Process exited"),
            format!("RequestId: {other} Process exited"),
        ],
        [
            "can't open \"a b.txt\": it isn't 'there'".to_owned(),
            "can't open \"c\": it isn't 'anywhere'".to_owned(),
        ],
        [
            format!("object {HEX} at 0x7ffd12 in arn:x:r-01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            format!("object {HEX}00 at 0xFF in arn:x:r-01BX5ZZKBKACTAV9WEVGEMMVRY"),
        ],
        [
            "connect ECONNREFUSED 10.0.0.1:5432 at 2026-01-01T00:00:00.123Z".to_owned(),
            "connect ECONNREFUSED 127.0.0.1:80 at 2025-12-31T23:59:59Z".to_owned(),
        ],
        [
            "two\nlines\tand  spaces".to_owned(),
            "two lines and spaces".to_owned(),
        ],
    ];
    let mut blocks = Blocks::default();
    let ids: Vec<String> = (0..12).map(|number| format!("request-{number}")).collect();
    for (id, message) in ids.iter().zip(alike.as_flattened()) {
        blocks.push_invocation(&failed(id, BEGIN, ""));
        push_span(&mut blocks, answer(id, BEGIN, message.as_bytes()), NONE);
    }
    data.insert(blocks).await;
    let reader = engine.store().reader(Tenant::single());
    let groups = groups(&reader, RANGE).await;
    assert_eq!(
        words(&groups),
        [
            ("ValueError", "order * of customer * is gone", 2),
            ("error", "RequestId: * Process exited", 2),
            ("error", "can't open \"*\": it isn't '*'", 2),
            ("error", "connect ECONNREFUSED * at *Z", 2),
            ("error", "object * at * in arn:x:r-*", 2),
            ("error", "two lines and spaces", 2),
        ]
    );
    let one = groups.iter().find(|group| group.error_type == "ValueError");
    let seen = &one.expect("it is there").seen;
    assert!(
        [
            "order 17 of customer 4 is gone",
            "order 99120 of customer -3.5 is gone"
        ]
        .contains(&seen.as_str()),
        "{seen}"
    );
}

/// An attribute of an event, as OTLP's bytes.
fn pair(key: &str, value: &str) -> Vec<u8> {
    let length = |bytes: &mut Vec<u8>, mut length: usize| {
        while length > 127 {
            bytes.push(length as u8 | 128);
            length >>= 7;
        }
        bytes.push(length as u8);
    };
    let mut text = vec![10];
    length(&mut text, value.len());
    text.extend(value.as_bytes());
    let mut pair = vec![10];
    length(&mut pair, key.len());
    pair.extend(key.as_bytes());
    pair.push(18);
    length(&mut pair, text.len());
    pair.extend(text);
    pair
}

/// Invocations that failed, with the spans by which their platform and they themselves tell of it: what the function says is an
/// event, a status, a message without a type, nothing, or was never told.
async fn told_twice(data: &mut Data) {
    let extra = [
        pair("exception.type", "app.PaymentDeclined"),
        pair("exception.message", "order 7: no funds"),
    ]
    .concat();
    let mut blocks = Blocks::default();
    for (id, error_type) in [
        ("event", "Runtime.Unknown"),
        ("status", "Function.Unknown"),
        ("named", "ValueError"),
        ("silent", "Unhandled"),
        ("none", "Runtime.Unknown"),
    ] {
        blocks.push_invocation(&failed(id, BEGIN, error_type));
        // As the extension draws it: it begins first, and repeats what the platform told.
        let drawn = SpanRow {
            trace_id: [9; 16],
            sandbox_id: "sandbox",
            phase: "invocation",
            ..answer(id, BEGIN - 2 * SECOND, error_type.as_bytes())
        };
        push_span(&mut blocks, drawn, NONE);
        let mut own = SpanRow {
            sandbox_id: "sandbox",
            ..answer(id, BEGIN, b"")
        };
        match id {
            "event" => own.extra = &extra,
            "status" => own.status_message = b"KeyError: 'x' is gone",
            "named" => own.status_message = b"no such order",
            "silent" => {}
            _ => continue,
        }
        push_span(&mut blocks, own, NONE);
    }
    data.insert(blocks).await;
}

#[tokio::test]
async fn what_a_function_says_of_its_error_stands_before_what_its_platform_does_not_know() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    told_twice(&mut Data::of(&engine.store())).await;
    for _ in 0..2 {
        let groups = groups(&reader, RANGE).await;
        assert_eq!(
            words(&groups),
            [
                ("KeyError", "'*' is gone", 1),
                ("Runtime.Unknown", "", 1),
                ("Unhandled", "", 1),
                ("ValueError", "no such order", 1),
                ("app.PaymentDeclined", "order *: no funds", 1),
            ]
        );
        settle_all(&settler).await;
        check(&settler).await;
    }
}

#[tokio::test]
async fn an_invocation_is_listed_with_the_type_that_its_span_names_and_is_found_by_it() {
    let engine = engine::start().await;
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    told_twice(&mut data).await;
    // Ended well, though a span of it failed by the same: it is no failed invocation.
    let well = InvocationRow {
        outcome: Outcome::Ok.number(),
        ..failed("well", BEGIN, "")
    };
    let mut blocks = Blocks::default();
    blocks.push_invocation(&well);
    push_span(&mut blocks, answer("well", BEGIN, b"KeyError: y"), NONE);
    data.insert(blocks).await;
    let list = async |error_type: Option<&str>, sort| {
        let filter = InvocationFilter {
            range: RANGE,
            function: None,
            outcomes: Vec::new(),
            cold: None,
            only: Narrowing {
                error_type: error_type.map(str::to_owned),
                ..Narrowing::default()
            },
            sort,
            after: None,
            limit: 100,
        };
        let page = reader.invocations(&filter).await.expect("an answer");
        assert_eq!(page.total, page.items.len() as u64);
        let mut told: Vec<(String, String)> = page
            .items
            .into_iter()
            .map(|one| (one.request_id.as_str().to_owned(), one.error_type))
            .collect();
        told.sort();
        told
    };
    let told = |rows: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(id, named): &(&str, &str)| ((*id).to_owned(), (*named).to_owned());
        rows.iter().map(owned).collect()
    };
    let all = [
        ("event", "app.PaymentDeclined"),
        ("named", "ValueError"),
        ("none", "Runtime.Unknown"),
        ("silent", "Unhandled"),
        ("status", "KeyError"),
        ("well", ""),
    ];
    assert_eq!(list(None, InvocationSort::Newest).await, told(&all));
    let found = [
        ("app.PaymentDeclined", &all[..1]),
        ("ValueError", &all[1..2]),
        ("KeyError", &all[4..5]),
        // As the platform told it, also where more is known.
        ("Runtime.Unknown", &[all[0], all[2]]),
        ("PaymentDeclined", &[]),
    ];
    for (error_type, rows) in found {
        for sort in [InvocationSort::Newest, InvocationSort::Slowest] {
            assert_eq!(list(Some(error_type), sort).await, told(rows));
        }
    }
}

#[tokio::test]
async fn an_exception_that_is_only_an_event_is_told_from_its_bytes() {
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    let long = "very long ".repeat(20);
    let longer = "very long ".repeat(2_000);
    let mut blocks = Blocks::default();
    let extras: Vec<Vec<u8>> = ["short", &long, &longer]
        .iter()
        .map(|message| {
            let of_type = pair("exception.type", "java.lang.IllegalStateException");
            [
                b"before".to_vec(),
                of_type,
                pair("exception.message", message),
            ]
            .concat()
        })
        // Cut off in the midst of it.
        .chain([pair("exception.message", "short")[..20].to_vec()])
        .collect();
    let ids = ["short", "long", "longer", "cut"];
    for (id, extra) in ids.iter().zip(&extras) {
        blocks.push_invocation(&failed(id, BEGIN, ""));
        let mut span = answer(id, BEGIN, b"");
        span.extra = extra;
        push_span(&mut blocks, span, NONE);
    }
    data.insert(blocks).await;
    let groups = groups(&engine.store().reader(Tenant::single()), RANGE).await;
    let long = long.trim();
    let three_hundred = &longer[..300];
    let kind = "java.lang.IllegalStateException";
    assert_eq!(
        words(&groups),
        [
            ("error", "", 1),
            (kind, "short", 1),
            (kind, long, 1),
            (kind, three_hundred, 1),
        ]
    );
}

#[tokio::test]
async fn a_group_is_new_or_came_back_or_was_there_all_the_time() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    let ago = |nanos: u64| BEGIN - nanos;
    let of = |id: &'static str, ts: u64, error_type: &'static str, version: &'static str| {
        InvocationRow {
            version,
            ..failed(id, ts, error_type)
        }
    };
    let old = SILENCE.0 + 120 * MINUTE;
    data.invocations(&[
        of("1", BEGIN, "New", "3"),
        of("2", BEGIN + MINUTE, "New", "4"),
        of("9", ago(old + 60 * MINUTE), "CameBack", "1"),
        of("3", ago(old), "CameBack", "1"),
        of("4", BEGIN, "CameBack", "3"),
        of("5", ago(old), "Ongoing", "1"),
        of("6", ago(9 * 60 * MINUTE), "Ongoing", "2"),
        of("7", BEGIN, "Ongoing", "3"),
        of("8", ago(old), "Over", "1"),
    ])
    .await;
    let day = TimeRange {
        from: UnixNanos(ago(60 * MINUTE)),
        to: UnixNanos(BEGIN + 60 * MINUTE),
    };
    let told = async |range| {
        let groups = groups(&reader, range).await;
        let mut told: Vec<(String, ErrorState, u64, String)> = groups
            .into_iter()
            .map(|group| {
                let first = group.first_seen.0;
                (group.error_type, group.state, first, group.first_version)
            })
            .collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        told
    };
    let at = |name: &str, state, first, version: &str| {
        (name.to_owned(), state, first, version.to_owned())
    };
    use ErrorState::{New, Ongoing, Regressed};
    // What lies further back is known once it is settled; before, the day is.
    assert_eq!(
        told(day).await[2],
        at("Ongoing", Ongoing, ago(9 * 60 * MINUTE), "2")
    );
    for rollup in coldtrace_store::settle::Rollup::ALL {
        let everything = TimeRange {
            from: UnixNanos(ago(3 * SILENCE.0)),
            to: RANGE.to,
        };
        let now = UnixNanos(BEGIN + 600 * MINUTE);
        let windows = settler.unsettled(rollup, everything, now, 1_000).await;
        let windows = windows.expect("the engine answers");
        let settled = settler.settle(rollup, &windows, now).await;
        settled.expect("the engine takes it");
    }
    assert_eq!(
        told(day).await,
        [
            at("CameBack", Regressed, ago(old + 60 * MINUTE), "1"),
            at("New", New, BEGIN, "3"),
            at("Ongoing", Ongoing, ago(old), "1"),
        ]
    );
    // In a range that has it, the silence lies inside.
    let all = TimeRange {
        from: UnixNanos(ago(old + MINUTE)),
        ..day
    };
    let states: Vec<ErrorState> = told(all).await.into_iter().map(|one| one.1).collect();
    assert_eq!(states, [Regressed, New, New, New]);
    let later = TimeRange {
        from: UnixNanos(ago(old) + 1),
        ..day
    };
    let states: Vec<ErrorState> = told(later).await.into_iter().map(|one| one.1).collect();
    assert_eq!(states, [Regressed, New, Ongoing]);
}

#[tokio::test]
async fn what_is_lost_is_a_group_of_its_own_once_it_is_lost() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let started = |request_id, deadline| InvocationRow {
        facts: FactSet::STARTED,
        deadline_unix_ns: deadline,
        ..InvocationRow::empty(MINE, "checkout", BEGIN, request_id)
    };
    data.invocations(&[
        started("soon", BEGIN + SECOND),
        started("later", BEGIN + 5 * MINUTE),
        started("never", 0),
        failed("failed", BEGIN, "ValueError"),
    ])
    .await;
    let reader = engine.store().reader(Tenant::single());
    let lost_at = |minutes: u64| UnixNanos(BEGIN + minutes * MINUTE + Outcome::WAITED_FOR.0);
    let told = async |now| {
        let groups = groups(&reader.clone().as_of(now), RANGE).await;
        let lost: Vec<(u64, Outcome)> = groups
            .iter()
            .filter(|group| group.error_type == "lost")
            .map(|group| (group.count, group.outcome))
            .collect();
        (groups.len(), lost)
    };
    for _ in 0..2 {
        assert_eq!(told(UnixNanos(lost_at(1).0 - 1)).await, (1, vec![]));
        assert_eq!(told(lost_at(1)).await, (2, vec![(1, Outcome::Lost)]));
        assert_eq!(told(lost_at(6)).await, (2, vec![(2, Outcome::Lost)]));
        settle_all(&settler).await;
        check(&settler).await;
    }
    let late = InvocationRow {
        facts: FactSet::FINISHED,
        outcome: Outcome::Ok.number(),
        ..started("soon", 0)
    };
    data.invocations(&[late]).await;
    for _ in 0..2 {
        assert_eq!(told(lost_at(6)).await, (2, vec![(1, Outcome::Lost)]));
        settle_all(&settler).await;
        check(&settler).await;
    }
}

#[tokio::test]
async fn nobody_is_told_of_anothers_errors() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let theirs = Owner {
        tenant: "stranger",
        ..MINE
    };
    let mut blocks = Blocks::default();
    blocks.push_invocation(&failed("same", BEGIN, ""));
    blocks.push_invocation(&InvocationRow {
        owner: theirs,
        ..failed("same", BEGIN, "")
    });
    push_span(&mut blocks, answer("same", BEGIN, b"mine"), NONE);
    let of_theirs = SpanRow {
        owner: theirs,
        ..answer("same", BEGIN, b"theirs")
    };
    push_span(&mut blocks, of_theirs, NONE);
    data.insert(blocks).await;
    let stranger = Tenant::parse("stranger").expect("a tenant");
    for _ in 0..2 {
        for (tenant, message) in [(Tenant::single(), "mine"), (stranger.clone(), "theirs")] {
            let groups = groups(&engine.store().reader(tenant), RANGE).await;
            assert_eq!(words(&groups), [("error", message, 1)]);
        }
        settle_all(&settler).await;
    }
}

#[tokio::test]
async fn whatever_messages_hold_what_is_kept_of_them_is_bounded() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    let letters = |number: u64| -> String {
        let letter = |place: u32| char::from(b'g' + (number / 17_u64.pow(place) % 17) as u8);
        (0..4).map(letter).collect()
    };
    // A frequent one among thousands, each of which is there once, half of them by their types.
    let mut hostile: Vec<Vec<u8>> = (0..3_000)
        .map(|number| match number % 2 {
            0 => format!("oops {}", letters(number)),
            _ => format!("{}Error: oops", letters(number)),
        })
        .map(String::into_bytes)
        .collect();
    hostile.extend(vec![b"the usual one".to_vec(); 50]);
    hostile.push(vec![b'x'; 3 << 20]);
    hostile.push(vec![0xff; 5_000]);
    hostile.push(b"\x1b[31mred\x00\x07\xc2\x9b1m' OR 1=1 -- \\".to_vec());
    hostile.push("\u{202e}\u{1F600}".repeat(2_000).into_bytes());
    let ids: Vec<String> = (0..hostile.len())
        .map(|number| number.to_string())
        .collect();
    for (ids, messages) in ids.chunks(500).zip(hostile.chunks(500)) {
        let mut blocks = Blocks::default();
        for (id, message) in ids.iter().zip(messages) {
            blocks.push_invocation(&failed(id, BEGIN, ""));
            push_span(&mut blocks, answer(id, BEGIN, message), NONE);
        }
        data.insert(blocks).await;
    }
    let check = async || {
        let groups = groups(&reader, RANGE).await;
        let count: u64 = groups.iter().map(|group| group.count).sum();
        assert_eq!(count, ids.len() as u64, "each is counted");
        assert_eq!(groups.len(), 101, "a hundred, and all others");
        for group in &groups {
            for text in [&group.error_type, &group.message, &group.seen] {
                assert!(text.chars().count() <= 1_000, "{text}");
                assert!(!text.chars().any(char::is_control), "{text:?}");
            }
            assert!(group.message.chars().count() <= 300);
            assert!(group.examples.len() <= 3);
        }
        let others = groups.iter().find(|group| group.error_type == "other");
        let others = others.expect("they are one group");
        assert!(others.count > 2_900, "{others:?}");
        let usual = groups.iter().find(|group| group.message == "the usual one");
        assert_eq!(usual.expect("it is told apart").count, 50);
        groups
    };
    let before = check().await;
    settle_all(&settler).await;
    assert_eq!(check().await, before);
}

#[tokio::test]
async fn a_list_of_groups_is_sorted_and_paged() {
    let engine = engine::start().await;
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    let mut dice = Dice(31);
    let types: Vec<String> = (0..20_u8)
        .map(|number| format!("E{}", char::from(b'a' + number)))
        .collect();
    let ids: Vec<String> = (0..200).map(|number| format!("request-{number}")).collect();
    let rows: Vec<InvocationRow<'_>> = ids
        .iter()
        .map(|id| {
            let error_type = &types[dice.below(20) as usize];
            failed(id, BEGIN + dice.below(30 * MINUTE), error_type)
        })
        .collect();
    data.invocations(&rows).await;
    for sort in [ErrorSort::Count, ErrorSort::LastSeen, ErrorSort::FirstSeen] {
        let mut asked = ErrorFilter {
            sort,
            limit: 7,
            ..filter(RANGE)
        };
        let mut listed = Vec::new();
        loop {
            let page = reader.errors(&asked).await.expect("a page");
            assert_eq!(page.total, 20);
            listed.extend(page.groups);
            match page.next {
                Some(next) => asked.after = Some(next),
                None => break,
            }
        }
        assert_eq!(listed.len(), 20);
        let rank = |group: &ErrorGroup| match sort {
            ErrorSort::Count => (group.count, group.id),
            ErrorSort::LastSeen => (group.last_seen.0, group.id),
            ErrorSort::FirstSeen => (group.first_seen.0, group.id),
        };
        assert!(
            listed
                .windows(2)
                .all(|pair| rank(&pair[0]) > rank(&pair[1]))
        );
        let one = ErrorFilter {
            id: Some(listed[5].id),
            ..filter(RANGE)
        };
        let alone = reader.errors(&one).await.expect("a group").groups;
        assert_eq!(alone, listed[5..6]);
        assert_eq!(
            (alone[0].invocations, alone[0].function.as_str()),
            (200, "checkout")
        );
    }
    let of_nobody = ErrorFilter {
        function: Some("nobody".to_owned()),
        ..filter(RANGE)
    };
    let none = reader.errors(&of_nobody).await.expect("an answer");
    assert_eq!((none.groups, none.total, none.next), (Vec::new(), 0, None));
    assert_eq!(none.step, Nanos(5 * MINUTE));
}
