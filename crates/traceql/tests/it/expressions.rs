//! Each operator and each field, asked about the fixed trace.

use super::shop::{found, shop};

fn check(cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        assert_eq!(found(shop(), query), *expected, "{query}");
    }
}

#[test]
fn comparisons_of_attributes() {
    check(&[
        ("{}", "1 2 3 4 5 6 7 8 9"),
        ("{ }", "1 2 3 4 5 6 7 8 9"),
        ("{ true }", "1 2 3 4 5 6 7 8 9"),
        ("{ false }", ""),
        (r#"{ .user = "ann" }"#, "1"),
        ("{ .user = `ann` }", "1"),
        (r#"{ "ann" = .user }"#, "1"),
        (r#"{.user="ann"}"#, "1"),
        (r#"{ .user != "ann" }"#, "3"),
        (r#"{ .user > "ann" }"#, "3"),
        (r#"{ .user >= "ann" }"#, "1 3"),
        (r#"{ .user < "b" }"#, "1"),
        (r#"{ .user = "Ann" }"#, ""),
        (r#"{ .user =~ "a.*" }"#, "1"),
        (r#"{ .user =~ "ann|bob" }"#, "1 3"),
        (r#"{ .user =~ "a" }"#, ""),
        (r#"{ .user =~ "(?i)ANN" }"#, "1"),
        (r#"{ .user !~ "a.*" }"#, "3"),
        (r#"{ .nobody !~ "a.*" }"#, ""),
        ("{ .user = nil }", "2 4 5 6 7 8 9"),
        ("{ .user != nil }", "1 3"),
        ("{ .http.response.status_code = 500 }", "1"),
        (
            "{ .http.response.status_code >= 400 && .http.response.status_code < 500 }",
            "",
        ),
        (r#"{ .http.response.status_code = "500" }"#, ""),
        ("{ .db.rows > 3 }", "5"),
        ("{ .db.rows >= 3 }", "4 5"),
        ("{ .db.rows < 4 }", "4"),
        ("{ .db.rows <= 50 }", "4 5"),
        ("{ .db.rows != 3 }", "5"),
        ("{ .db.rows = 3.0 }", "4"),
        ("{ .db.rows = -3 }", ""),
        ("{ .size = 1.5 }", "6"),
        ("{ .size > 1 }", "6"),
        ("{ .size = 15e-1 }", "6"),
        ("{ .size = .5 * 3 }", "6"),
        ("{ .faas.coldstart }", "3"),
        ("{ !.faas.coldstart }", ""),
        ("{ .faas.coldstart = true }", "3"),
        ("{ .faas.coldstart = false }", ""),
        ("{ .faas.coldstart != false }", "3"),
        (r#"{ .tags = "red" }"#, "3"),
        (r#"{ .tags = "blue" }"#, "3"),
        (r#"{ .tags != "red" }"#, ""),
        (r#"{ .tags != "green" }"#, "3"),
        (r#"{ .tags =~ "b.*" }"#, "3"),
        (r#"{ .tags !~ "b.*" }"#, ""),
        (r#"{ ."peer service" = "checkout" }"#, "2"),
        (r#"{ span."peer service" = "checkout" }"#, "2"),
    ]);
}

#[test]
fn scopes_of_attributes() {
    check(&[
        (r#"{ span.user = "bob" }"#, "3"),
        (r#"{ resource.user = "bob" }"#, ""),
        (r#"{ resource.service.name = "gateway" }"#, "1 2"),
        (r#"{ .service.name = "gateway" }"#, "1 2"),
        (r#"{ span.service.name = "gateway" }"#, ""),
        (r#"{ resource.cloud.region = "eu-west-1" }"#, "3"),
        (r#"{ parent.user = "ann" }"#, "2"),
        (r#"{ parent.span.user = "bob" }"#, "4 5 6 7"),
        (r#"{ parent.resource.service.name = "gateway" }"#, "2 3"),
        (r#"{ parent.resource.service.name != .service.name }"#, "3"),
        ("{ parent.user != nil }", "2 4 5 6 7"),
        (r#"{ event.absent = "x" }"#, ""),
        (r#"{ link.absent = nil && name = "hash" }"#, "8"),
        (r#"{ instrumentation.absent = "x" }"#, ""),
    ]);
}

#[test]
fn intrinsics() {
    check(&[
        ("{ duration = 100ms }", "1"),
        ("{ duration > 50ms }", "1 2 3"),
        ("{ duration >= 14ms && duration < 0.026s }", "5 6 7"),
        ("{ duration = 1000us }", "8"),
        ("{ duration = 1000µs }", "8"),
        ("{ duration = 1000000ns }", "8"),
        ("{ duration = 1000000 }", "8"),
        ("{ duration > 1m }", ""),
        ("{ duration < 1h30m }", "1 2 3 4 5 6 7 8 9"),
        ("{ span:duration = 100ms }", "1"),
        (r#"{ name = "checkout" }"#, "2 3"),
        (r#"{ span:name =~ "SELECT .*" }"#, "4 5"),
        (r#"{ name != "checkout" }"#, "1 4 5 6 7 8 9"),
        ("{ kind = server }", "1 3"),
        ("{ kind = client }", "2 4 5 6"),
        ("{ kind = internal }", "7 8"),
        ("{ kind = producer }", ""),
        ("{ kind = consumer }", ""),
        ("{ span:kind = unspecified }", "9"),
        ("{ kind != client }", "1 3 7 8 9"),
        ("{ status = error }", "1 7"),
        ("{ status = ok }", ""),
        ("{ status = unset }", "2 3 4 5 6 8 9"),
        ("{ span:status != error }", "2 3 4 5 6 8 9"),
        (r#"{ statusMessage = "card declined" }"#, "7"),
        (r#"{ span:statusMessage =~ ".+" }"#, "1 7"),
        ("{ parent = nil }", "1 9"),
        ("{ parent != nil }", "2 3 4 5 6 7 8"),
        ("{ span:childCount = 4 }", "3"),
        ("{ span:childCount = 0 }", "4 5 6 8 9"),
        (r#"{ span:id = "0000000000000007" }"#, "7"),
        (r#"{ span:parentID = "0000000000000007" }"#, "8"),
        ("{ traceDuration = 230ms }", "1 2 3 4 5 6 7 8 9"),
        ("{ trace:duration < 230ms }", ""),
        (r#"{ rootName = "POST /orders" }"#, "1 2 3 4 5 6 7 8 9"),
        (r#"{ trace:rootName = "cleanup" }"#, ""),
        (r#"{ rootServiceName = "gateway" && kind = server }"#, "1 3"),
        (r#"{ trace:rootService != "gateway" }"#, ""),
        (
            r#"{ trace:id = "00000000000000000000000000000001" && kind = internal }"#,
            "7 8",
        ),
        ("{ nestedSetLeft = 1 }", "1"),
        ("{ nestedSetRight = 16 }", "1"),
        ("{ nestedSetLeft > 16 }", "9"),
        ("{ nestedSetParent < 0 }", "1 9"),
        ("{ nestedSetParent = 3 }", "4 5 6 7"),
        (r#"{ event:name = "retry" }"#, "6"),
        (r#"{ event:name = "exception" }"#, "7"),
        (r#"{ event:name != "exception" }"#, "6"),
        ("{ event:name = nil && kind = client }", "2 4 5"),
        ("{ event:timeSinceStart = 5ms }", "6"),
        ("{ event:timeSinceStart > 20ms }", "7"),
        (
            r#"{ link:traceID = "00000000000000000000000000000077" }"#,
            "6",
        ),
        (r#"{ link:spanID = "0000000000000070" }"#, "6"),
        (r#"{ instrumentation:name = "cron-lib" }"#, "9"),
        ("{ instrumentation:version != nil }", ""),
    ]);
}

#[test]
fn logic_and_arithmetic() {
    check(&[
        (r#"{ kind = client && .db.system = "postgresql" }"#, "4 5"),
        ("{ status = error || .db.rows = 3 }", "1 4 7"),
        ("{ !(kind = client) && duration < 50ms }", "7 8 9"),
        ("{ !(.user = \"ann\") && kind = server }", "3"),
        // Equals, from the left: as in Tempo.
        ("{ true || true && false }", ""),
        ("{ true || (true && false) }", "1 2 3 4 5 6 7 8 9"),
        ("{ .amount + 1 = 13 }", "7"),
        ("{ .amount - .fee = 11.5 }", "7"),
        ("{ .amount * .fee = 6 }", "7"),
        ("{ .amount / 4 = 3 }", "7"),
        ("{ .amount / 8 = 1.5 }", "7"),
        ("{ .amount % 5 = 2 }", "7"),
        ("{ .amount ^ 2 = 144 }", "7"),
        (
            "{ 2 ^ 3 ^ 2 = 512 && kind = producer || nestedSetLeft = 1 }",
            "1",
        ),
        ("{ -.amount = -12 }", "7"),
        ("{ 1 + 2 * 3 = 7 && nestedSetLeft = 1 }", "1"),
        ("{ (1 + 2) * 3 = 9 && nestedSetLeft = 1 }", "1"),
        ("{ .amount / 0 = nil }", "1 2 3 4 5 6 7 8 9"),
        ("{ .amount / 0 > 1 }", ""),
        ("{ .user + 1 = 2 }", ""),
        ("{ duration * 2 = 200ms }", "1"),
        ("{ duration / 1ms = 100 }", "1"),
        ("{ duration - 1ms > 98ms }", "1"),
    ]);
}

#[test]
fn spansets_joined() {
    check(&[
        ("{ kind = server } && { status = error }", "1 3 7"),
        ("{ kind = server } && { kind = producer }", ""),
        ("{ kind = producer } || { kind = server }", "1 3"),
        (
            "{ kind = producer } || { kind = server } && { kind = consumer }",
            "",
        ),
        (
            "{ kind = producer } || ({ kind = server } && { kind = internal })",
            "1 3 7 8",
        ),
        ("{ kind = server } > { kind = client }", "2 4 5 6"),
        (
            r#"{ .service.name = "gateway" } > { .service.name = "checkout" }"#,
            "3",
        ),
        (r#"{ name = "POST /orders" } >> { .db.rows > 0 }"#, "4 5"),
        ("{ parent = nil } >> { status = error }", "7"),
        ("{ status = error } < { kind = server }", "3"),
        ("{ .db.rows = 3 } << { }", "1 2 3"),
        ("{ .db.rows = 3 } << { kind = server }", "1 3"),
        ("{ .db.rows = 3 } ~ { kind = client }", "5 6"),
        ("{ .db.rows > 0 } ~ { .db.rows > 0 }", "4 5"),
        ("{ parent = nil } ~ { parent = nil }", ""),
        ("{ kind = server } !> { kind = client }", ""),
        ("{ kind = server } !> { kind = internal }", "8"),
        ("{ kind = client } !>> { duration < 50ms }", "9"),
        ("{ status = error } !< { kind = server }", "1"),
        ("{ status = error } !<< { kind = server }", ""),
        ("{ .db.rows = 3 } !~ { kind = client }", "2 4"),
        ("{ kind = server } &> { kind = internal }", "3 7"),
        ("{ kind = server } &>> { .db.rows = 3 }", "1 3 4"),
        ("{ status = error } &< { kind = server }", "3 7"),
        ("{ .db.rows = 3 } &<< { kind = server }", "1 3 4"),
        ("{ .db.rows = 3 } &~ { kind = internal }", "4 7"),
        // Binds more tightly than && and ||, and goes from the left.
        ("{ parent = nil } > { } > { }", "3"),
        ("{ kind = producer } && { parent = nil } > { }", ""),
        (
            "({ nestedSetParent < 0 } &>> { status = error }) || ({ nestedSetParent < 0 })",
            "1 7 9",
        ),
    ]);
}

#[test]
fn pipelines() {
    check(&[
        ("{ kind = client } | { .db.rows > 3 }", "5"),
        ("{ } | count() > 8", "1 2 3 4 5 6 7 8 9 count() = 9"),
        ("{ } | count() > 9", ""),
        ("count() = 9", "1 2 3 4 5 6 7 8 9 count() = 9"),
        ("{ kind = client } | count() = 4", "2 4 5 6 count() = 4"),
        ("{ kind = producer } | count() = 0", ""),
        (
            "{ .db.rows > 0 } | avg(.db.rows) = 26.5",
            "4 5 avg(.db.rows) = 26.5",
        ),
        (
            "{ .db.rows > 0 } | sum(.db.rows) = 53",
            "4 5 sum(.db.rows) = 53",
        ),
        (
            "{ .db.rows > 0 } | min(.db.rows) = 3",
            "4 5 min(.db.rows) = 3",
        ),
        (
            "{ .db.rows > 0 } | max(.db.rows) >= 50",
            "4 5 max(.db.rows) = 50",
        ),
        (
            "{ .db.rows > 0 } | max(duration) > 10ms",
            "4 5 max(duration) = 14000000ns",
        ),
        (
            "{ .db.rows > 0 } | avg(duration) = 12ms",
            "4 5 avg(duration) = 12000000ns",
        ),
        (
            "{ .db.rows > 0 } | sum(duration) <= 24ms",
            "4 5 sum(duration) = 24000000ns",
        ),
        ("{ .db.rows > 0 } | min(duration) < 10ms", ""),
        ("{ kind = server } | max(.absent) > 0", ""),
        (
            "{ .db.rows > 0 } | sum(.db.rows) / count() > 26",
            "4 5 sum(.db.rows) = 53 count() = 2",
        ),
        ("{ .db.rows > 0 } | 1 + count() = 3", "4 5 count() = 2"),
        (
            "{ .db.rows > 0 } | sum(.db.rows * 2) = 106",
            "4 5 sum(.db.rows * 2) = 106",
        ),
        (
            "{ kind = client } | by(.service.name)",
            "2 by(.service.name) = \"gateway\" | 4 5 6 by(.service.name) = \"checkout\"",
        ),
        (
            "{ kind = client } | by(.service.name) | count() > 1",
            "4 5 6 by(.service.name) = \"checkout\" count() = 3",
        ),
        (
            "{ kind = client } | by(.service.name) | coalesce()",
            "2 4 5 6",
        ),
        (
            "{ kind = client } | by(.absent)",
            "2 4 5 6 by(.absent) = nil",
        ),
        (
            "{ parent = nil } | by(duration > 50ms)",
            "1 by(duration > 50000000ns) = true | 9 by(duration > 50000000ns) = false",
        ),
        ("{ status = error } | select(.user, span.amount)", "1 7"),
        (
            "({ kind = client } | count() > 3) && ({ kind = server })",
            "1 2 3 4 5 6",
        ),
        (
            "({ kind = client } | count() > 4) || { kind = server }",
            "1 3",
        ),
        (
            "({ kind = client } | count()) > ({ kind = server } | count())",
            "1 2 3 4 5 6 7 8 9 ({ kind = client } | count()) = 4 ({ kind = server } | count()) = 2",
        ),
        ("{ status = error } with (most_recent = true)", "1 7"),
        (
            "{ status = error } | count() > 1 with(sample=0.1, most_recent=true)",
            "1 7 count() = 2",
        ),
    ]);
}

#[test]
fn what_was_selected_is_told() {
    let query = coldtrace_traceql::parse(
        "{} | select(.user, duration) | count() > 1 | select(.user, event:name)",
    );
    let query = query.expect("a query");
    let tree = coldtrace_traceql::Tree::of(shop());
    let answer = query.evaluate(&tree);
    let told = |place: usize| {
        answer
            .selected
            .iter()
            .map(move |field| (field.to_string(), place))
    };
    let values = told(6).map(|(name, place)| {
        let field = answer
            .selected
            .iter()
            .find(|field| field.to_string() == name);
        format!(
            "{name} = {}",
            tree.value(place, field.expect("it is one of them"))
        )
    });
    let values: Vec<String> = values.collect();
    assert_eq!(
        values,
        [
            ".user = nil",
            "duration = 25000000ns",
            "event:name = [\"attempt\", \"exception\"]"
        ]
    );
}
