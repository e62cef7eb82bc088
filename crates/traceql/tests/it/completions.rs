//! What may stand at a place of a half-typed query; the place is written `▮`.

use coldtrace_traceql::{Completion, complete};

fn at(query: &str) -> (String, Completion) {
    let at = query.find('▮').expect("a place");
    let text = query.replace('▮', "");
    let completion = complete(&text, at);
    (text, completion)
}

/// What is replaced, the words, and what only data know.
fn told(query: &str) -> String {
    let (text, told) = at(query);
    let words: Vec<&str> = told.words.iter().map(|(word, _)| word.as_str()).collect();
    let mut parts = vec![
        format!("[{}]", &text[told.replaced.clone()]),
        words.join(" "),
    ];
    parts.extend(told.names.map(|names| {
        let parent = if names.of_parent { "parent " } else { "" };
        let any = if names.is_scoped { "" } else { " in any scope" };
        format!("{parent}{:?} names {}…{any}", names.scope, names.typed)
    }));
    parts.extend(
        told.values
            .map(|values| format!("values of {} {}…", values.field, values.typed)),
    );
    parts.extend(told.service.map(|service| format!("in {service}")));
    parts.retain(|part| !part.is_empty());
    parts.join(" ; ")
}

#[test]
fn each_place_takes_what_fits_there() {
    let cases = [
        ("▮", "[] ; { count() avg( min( max( sum( by( select("),
        (
            "{▮",
            "[] ; duration name kind status statusMessage parent span:childCount span:id span:parentID traceDuration rootName rootServiceName trace:id nestedSetLeft nestedSetRight nestedSetParent event:name event:timeSinceStart link:traceID link:spanID instrumentation:name instrumentation:version span. resource. parent. event. link. instrumentation. true false } ; Any names … in any scope",
        ),
        (
            "{ st▮",
            "[st] ; status statusMessage ; Any names st… in any scope",
        ),
        (
            "{ sp▮an",
            "[span] ; span:childCount span:id span:parentID span. ; Any names sp… in any scope",
        ),
        ("{ span.▮", "[span.] ; Span names …"),
        ("{ .http.ro▮ute = 1 }", "[.http.route] ; Any names http.ro…"),
        (
            "{ parent.resource.a▮",
            "[parent.resource.a] ; parent Resource names a…",
        ),
        ("{ parent.a▮", "[parent.a] ; parent Any names a…"),
        ("{ duration ▮", "[] ; = != < <= > >= + - * / % ^ && || }"),
        ("{ status ▮", "[] ; = != && || }"),
        ("{ name =▮", "[] ; values of name …"),
        ("{ status = e▮", "[e] ; error ; values of status e…"),
        (
            "{ kind != ▮ }",
            "[] ; unspecified internal server client producer consumer ; values of kind …",
        ),
        ("{ .a = \"ab▮ }", "[\"ab] ; values of .a ab…"),
        ("{ .a = \"a▮b\" }", "[\"ab\"] ; values of .a a…"),
        ("{ .a = \"a▮ && .b = \"c\" }", "[\"a] ; values of .a a…"),
        ("{ .a =~ \"a▮", "[\"a] ; values of .a a…"),
        ("{ .a = 1 ▮", "[] ; && || }"),
        (
            "{ (.a = 1) && (.b > ▮",
            "[] ; nil true false ; values of .b …",
        ),
        ("{ .a = 1 &▮", "[&] ; &&"),
        (
            "{ .a = 1 } ▮",
            "[] ; | && || > >> < << ~ !> !>> !< !<< !~ &> &>> &< &<< &~",
        ),
        ("{} >> ▮", "[] ; { ("),
        ("{} | co▮", "[co] ; count() coalesce()"),
        ("{} | count() ▮", "[] ; = != < <= > >="),
        (
            "{} | avg(dur▮",
            "[dur] ; duration ; Any names dur… in any scope",
        ),
        ("{} | select(.a, .b▮", "[.b] ; Any names b…"),
        ("{} | count() > ▮", "[]"),
        ("{ ; .a▮", "[]"),
        ("nonsense ▮", "[]"),
    ];
    let wrong: Vec<String> = cases
        .into_iter()
        .filter(|(query, expected)| told(query) != *expected)
        .map(|(query, _)| format!("{query}: {}", told(query)))
        .collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_service_of_the_same_braces_narrows() {
    let cases = [
        ("{ resource.service.name = \"cart\" && .▮ }", Some("cart")),
        ("{ .▮ && .service.name = \"cart\" }", Some("cart")),
        ("{ .service.name = \"cart\" } >> { .▮ }", None),
        ("{ .service.name != \"cart\" && .▮ }", None),
    ];
    for (query, expected) in cases {
        assert_eq!(at(query).1.service.as_deref(), expected, "{query}");
    }
}
