//! What holds for any text.

use coldtrace_traceql::{Tree, complete, parse};
use proptest::prelude::*;

use super::shop::{found, shop};

/// Pieces of the language, in any order: most make no query, many nearly one.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec!["{", "}", "(", ")", "|", "&&", "||", "=", "!=", ">", ">>", "~", "!", "-", "+", "^", ","]),
        3 => prop::sample::select(vec![".a", "span.user", "parent.b", "resource.service.name", "duration", "status", "kind", "name"]),
        3 => prop::sample::select(vec!["1", "2.5", "10ms", "1h30m", "\"x\"", "`y`", "true", "nil", "error", "server", "\"µ"]),
        2 => prop::sample::select(vec!["count()", "avg(", "by(", "select(", "coalesce()", "with", "=~ \"a|b\"", "!~", "&>>", "!<"]),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.join(" "))
}

/// Something that is true or false, of whole syntax.
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "true",
        ".user = \"ann\"",
        "duration > 20ms",
        "kind != client",
        ".db.rows * 2 >= 6",
        "name =~ \".*e.*\"",
        "parent.user != nil",
        "!.faas.coldstart",
        "-(.amount) < 1.5e3",
        "event:name = `retry`",
        "\"a\\\"b\" = .\"odd name\"",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop::sample::select(vec!["&&", "||"]),
                inner.clone()
            )
                .prop_map(|(left, operator, right)| format!("({left}) {operator} {right}")),
            inner.prop_map(|of| format!("!({of})")),
        ]
    })
}

fn query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("{}".to_owned()),
        condition().prop_map(|of| format!("{{ {of} }}"))
    ];
    let operators = vec![
        "&&", "||", ">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<",
        "&<<", "&~",
    ];
    let joined = leaf.prop_recursive(4, 12, 2, move |inner| {
        let operator = prop::sample::select(operators.clone());
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, operator, right)| format!("({left}) {operator} {right}")),
            inner.prop_map(|of| format!("({of} | count() > 0)")),
        ]
    });
    let tails = vec![
        "",
        " | count() > 1",
        " | by(.service.name)",
        " | by(kind) | avg(duration) > 5ms | coalesce()",
        " | select(.user)",
        " with (a = 1)",
    ];
    (joined, prop::sample::select(tails)).prop_map(|(joined, tail)| format!("{joined}{tail}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_a_query_or_refused_at_a_place_in_it(text in prop_oneof![any::<String>(), pieces()]) {
        match parse(&text) {
            Ok(query) => {
                drop(query.evaluate(&Tree::of(shop())));
            }
            Err(error) => {
                prop_assert!(text.get(error.at.clone()).is_some(), "{:?} is a stretch of the text", error.at);
                prop_assert!(error.pointing(&text).contains(&error.message));
                prop_assert!(error.character(&text) <= text.chars().count() + 1);
            }
        }
    }

    #[test]
    fn something_or_nothing_may_stand_at_any_place_of_any_text(
        text in prop_oneof![any::<String>(), pieces()],
        at in 0_usize..200,
    ) {
        let told = complete(&text, at);
        prop_assert!(text.get(told.replaced.clone()).is_some());
        prop_assert!(told.replaced.start <= at);
    }

    #[test]
    fn a_query_that_is_printed_means_the_same(text in query()) {
        let query = parse(&text).map_err(|error| TestCaseError::fail(error.pointing(&text)))?;
        let printed = query.to_string();
        let again = parse(&printed).map_err(|error| TestCaseError::fail(error.pointing(&printed)))?;
        prop_assert_eq!(&again, &query, "{}", printed);
        prop_assert_eq!(found(shop(), &printed), found(shop(), &text));
    }

    /// What stands so to one of the left, and what stands so to none, are the right together.
    #[test]
    fn a_relation_and_its_negation_part_the_right(left in condition(), right in condition(), relation in prop::sample::select(vec![">", ">>", "<", "<<", "~"])) {
        let spans = |query: String| -> Vec<usize> {
            found(shop(), &query).split(' ').filter_map(|number| number.parse().ok()).collect()
        };
        let with = spans(format!("{{ {left} }} {relation} {{ {right} }}"));
        let without = spans(format!("{{ {left} }} !{relation} {{ {right} }}"));
        let mut both = [with, without].concat();
        both.sort_unstable();
        prop_assert_eq!(both, spans(format!("{{ {right} }}")));
    }
}
