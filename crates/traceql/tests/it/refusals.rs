//! What is refused, at which character, in which words.

use super::shop::{found, shop};

fn check(cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        assert_eq!(
            found(shop(), query),
            format!("refused at {expected}"),
            "{query}"
        );
    }
}

#[test]
fn what_is_no_token() {
    check(&[
        ("{ .a = 1 } ; {}", "12: `;` has no meaning here"),
        (r#"{ .a = "x }"#, "8: this text has no \" at its end"),
        ("{ .a = `x }", "8: this text has no ` at its end"),
        (
            r#"{ .a = "\q" }"#,
            "9: a backslash is followed by n, t, r, \" or \\; between ` it stands for itself",
        ),
        (
            "{ . = 1 }",
            "4: an attribute's name is missing behind the point",
        ),
        (
            "{ duration > 5min }",
            "15: `min` is no unit of time: ns, us, ms, s, m and h are",
        ),
        (
            "{ duration > 1h30 }",
            "18: a unit of time is missing: ns, us, ms, s, m or h",
        ),
        (
            "{ duration > 3000000h }",
            "14: this is longer than 292 years",
        ),
        (
            "{ .a = 99999999999999999999 }",
            "8: this number is too large",
        ),
        ("{ .a = 1e999 }", "8: this number is too large"),
    ]);
}

#[test]
fn what_is_no_query() {
    check(&[
        (
            "",
            "1: a query is missing, such as { status = error } or {} for all spans",
        ),
        (
            "  ",
            "1: a query is missing, such as { status = error } or {} for all spans",
        ),
        (
            "{",
            "2: something is missing: a field, such as .http.route or duration, or a constant",
        ),
        ("{ .a = 1", "9: something is missing: `}`"),
        (
            "{ .a = }",
            "8: here comes a field, such as .http.route or duration, or a constant",
        ),
        ("{ .a 1 }", "6: here comes `}`"),
        ("{ (.a = 1 }", "11: here comes `)`"),
        ("{ .a =~ 5 }", "9: here comes a pattern in quotes"),
        ("{ .a =~ \"(\" }", "9: this is no pattern: unclosed group"),
        ("{} {}", "4: here comes `|` and a further step, or the end"),
        (
            "{} |",
            "5: something is missing: { ... }, ( ... ), count(), avg(), min(), max(), sum(), by(), select() or coalesce()",
        ),
        ("{} | count()", "13: a comparison is missing, such as `> 2`"),
        (
            "{} | count() >",
            "15: something is missing: { ... }, ( ... ), count(), avg(), min(), max(), sum(), by(), select() or coalesce()",
        ),
        ("{} | count(.a) > 1", "12: here comes `)`"),
        (
            "{} | count() > {}",
            "16: a value of spansets is compared with a value, such as 2",
        ),
        (
            "{} > 3",
            "6: `>` joins spansets: { ... } is missing behind it",
        ),
        (
            "{} | 1 + {} > 2",
            "10: `+` computes with values, not with spansets",
        ),
        (
            "({} | count() + 1) > 2",
            "7: a pipeline in parentheses ends in one of count(), avg(), min(), max() and sum()",
        ),
        (
            "{} | rate()",
            "6: rate() makes figures over time; a search finds spans, and ends before it",
        ),
        (
            "{} | median(.a) > 1",
            "6: `median` is no step: { ... }, count(), avg(), min(), max(), sum(), by(), select() and coalesce() are",
        ),
        ("{} | by(.a", "11: something is missing: `)`"),
        (
            "{} | select()",
            "13: here comes a field, such as .http.route or duration",
        ),
        ("{} with (1 = 2)", "10: here comes a hint's name"),
        ("{} with (a = .b)", "14: here comes a constant"),
    ]);
}

#[test]
fn what_is_no_field() {
    check(&[
        (
            "{ durations > 1s }",
            "3: `durations` is no field and no constant; `duration` is",
        ),
        (
            "{ Status = error }",
            "3: `Status` is no field and no constant; `status` is",
        ),
        (
            "{ .status = Error }",
            "13: `Error` is no field and no constant; `error` is",
        ),
        (
            "{ http.route = 1 }",
            "3: `http` is no scope; an attribute by its whole name is `.http.route`",
        ),
        (
            "{} | select(user)",
            "13: `user` is no field and no constant; attributes begin with a point: `.user`; text stands in quotes: \"user\"",
        ),
    ]);
}

#[test]
fn what_never_fits() {
    check(&[
        (
            "{ 1 }",
            "3: spans are found by something that is true or false, such as `.http.route = \"/\"`",
        ),
        (
            "{ name }",
            "3: spans are found by something that is true or false, such as `.http.route = \"/\"`",
        ),
        (
            "{ .a + 1 }",
            "6: spans are found by something that is true or false, such as `.http.route = \"/\"`",
        ),
        (
            "{ status = 1 }",
            "10: a status and a number are never equal, and neither is the greater",
        ),
        (
            "{ name = 5ms }",
            "8: text and a number are never equal, and neither is the greater",
        ),
        (
            "{ kind = \"server\" }",
            "8: a kind and text are never equal, and neither is the greater",
        ),
        (
            "{ status > ok }",
            "10: a status has no order: there is = and != only",
        ),
        (
            "{ .a > true }",
            "6: what is true or false has no order: there is = and != only",
        ),
        ("{ .a > nil }", "6: with nil there is = and != only"),
        ("{ duration =~ \"a\" }", "3: a pattern is for text"),
        (
            "{ duration && true }",
            "3: `&&` joins what is true or false",
        ),
        ("{ !duration }", "4: `!` turns round what is true or false"),
        ("{ -name = 1 }", "4: `-` takes a number or a duration"),
        ("{ name + 1 = 2 }", "3: `+` takes numbers or durations"),
        (
            "{} | avg(name) > 1",
            "10: avg() takes a number or a duration",
        ),
        (
            "{} | count() > \"a\"",
            "14: \"a\" is no number, and a figure of spansets is one",
        ),
        (
            "{} | 1 < 2",
            "8: both sides are the same for all spansets: count(), avg(), min(), max() or sum() is missing",
        ),
        (
            "{} | by(1)",
            "9: by() splits by something of a span, such as `resource.service.name`",
        ),
    ]);
}

#[test]
fn a_refusal_is_drawn_under_its_line() {
    let query = "{ kind = client } |\n  { \"µ\" = .a && durations > 1s }";
    let error = coldtrace_traceql::parse(query).expect_err("no such field");
    assert_eq!(
        error.pointing(query),
        "  { \"µ\" = .a && durations > 1s }\n                ^^^^^^^^^ `durations` is no field and no constant; `duration` is"
    );
}

#[test]
fn what_nests_too_deep_or_is_too_long_is_refused() {
    let around = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(500), close.repeat(500))
    };
    let deep = [
        around("(", "{}", ")"),
        format!("{{ {} }}", around("(", "true", ")")),
        format!("{{ {} }}", around("!", "true", "")),
        format!("{{ {} }}", around("-", ".a", "")),
        around("", "{}", " > {}"),
        format!("{{ {} = 1 }}", around("", ".a", " + 1")),
        format!("{{ {} = 1 }}", around("", ".a", " ^ 1")),
        format!("{} > 1", around("", "count()", " + 1")),
        around("({} | ", "count() > 1", ")"),
    ];
    for query in deep {
        let error = coldtrace_traceql::parse(&query).expect_err("too deep");
        assert_eq!(error.message, "this nests more than 64 levels", "{query}");
    }
    let long = format!("{{ .a = \"{}\" }}", "µ".repeat(20_000));
    let error = coldtrace_traceql::parse(&long).expect_err("too long");
    assert_eq!(error.message, "a query has at most 32768 bytes");
}

#[test]
fn many_values_of_a_field_are_one_level() {
    let values: Vec<String> = (0..1_000)
        .map(|number| format!(".db.rows = {number}"))
        .collect();
    let query = format!("{{ {} }}", values.join(" || "));
    assert_eq!(found(shop(), &query), "4 5");
}
