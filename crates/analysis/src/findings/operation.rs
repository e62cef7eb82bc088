//! Which spans do the same: calls of one kind to one peer with one statement, numbers and texts in it aside.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use coldtrace_model::{AttributeValue, Span, SpanKind, attribute};

use crate::Trace;

/// Who is called, by the names that conventions have had for it.
const PEERS: [&str; 6] = [
    "server.address",
    "peer.service",
    "net.peer.name",
    "rpc.service",
    "messaging.destination.name",
    "db.namespace",
];
/// What is asked of it.
const STATEMENTS: [&str; 8] = [
    "db.query.text",
    "db.statement",
    "db.query.summary",
    "http.route",
    "url.template",
    "rpc.method",
    "aws.dynamodb.table_names",
    "db.collection.name",
];

/// A call's whole address, by the names that conventions have had for it.
const ADDRESSES: [&str; 2] = ["url.full", "http.url"];

/// The operation of every node, as a number that is the same in every trace; nothing for what calls nobody.
pub(crate) struct Operations(Vec<Option<u64>>);

impl Operations {
    pub(crate) fn of(trace: &Trace) -> Self {
        let operation = |place: usize| {
            let span = trace.span(place);
            let is_call = matches!(span.kind, SpanKind::Client | SpanKind::Producer);
            is_call.then(|| hash(span))
        };
        Self((0..trace.nodes.len()).map(operation).collect())
    }

    pub(crate) fn get(&self, place: usize) -> Option<u64> {
        self.0[place]
    }
}

fn hash(span: &Span) -> u64 {
    let mut hasher = DefaultHasher::new();
    (span.kind as u8).hash(&mut hasher);
    normalised(&span.name, &mut hasher);
    normalised(endpoint(span).unwrap_or_default(), &mut hasher);
    for key in PEERS.iter().chain(&STATEMENTS) {
        match attribute(&span.attributes, key) {
            Some(AttributeValue::String(text)) => normalised(text, &mut hasher),
            Some(other) => format!("{other:?}").hash(&mut hasher),
            None => hasher.write_u8(0),
        }
    }
    hasher.finish()
}

/// Of a call over HTTP, the host and the first part of the path, which tells services behind one host apart; what follows is mostly ids.
pub(super) fn endpoint(span: &Span) -> Option<&str> {
    let address = ADDRESSES
        .iter()
        .find_map(|key| attribute(&span.attributes, key)?.as_str())?;
    let (_, rest) = address.split_once("://")?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    // Who asks is no part of it.
    let (host, _) = rest.split_once('/').unwrap_or((rest, ""));
    let begin = host.rfind('@').map_or(0, |at| at + 1);
    let end = rest
        .match_indices('/')
        .nth(1)
        .map_or(rest.len(), |(at, _)| at);
    rest.get(begin..end)
}

/// A statement without its literals: `id = 17` and `id = 'a'` ask the same, and so do lists of any length.
fn normalised(text: &str, hasher: &mut DefaultHasher) {
    let mut letters = text.chars().peekable();
    let mut is_in_word = false;
    let mut was_literal = false;
    while let Some(letter) = letters.next() {
        let is_literal = match letter {
            '\'' => {
                // To the quote that closes it; two in a row are one of the text.
                while let Some(inner) = letters.next() {
                    if inner == '\'' && letters.next_if_eq(&'\'').is_none() {
                        break;
                    }
                }
                true
            }
            digit if digit.is_ascii_digit() && !is_in_word => {
                while letters
                    .next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '.' | '-'))
                    .is_some()
                {}
                true
            }
            _ => false,
        };
        is_in_word = letter.is_alphanumeric() || letter == '_';
        match (is_literal, letter) {
            (true, _) if was_literal => {}
            (true, _) => hasher.write_u8(b'?'),
            // Between the literals of a list.
            (false, ',' | ' ') if was_literal => continue,
            (false, other) => hasher.write_u32(other.into()),
        }
        was_literal = is_literal;
    }
    hasher.write_u8(0xff);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(text: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        normalised(text, &mut hasher);
        hasher.finish()
    }

    #[test]
    fn an_endpoint_is_a_host_and_the_first_part_of_the_path() {
        let cases = [
            (
                "http://127.0.0.1:80/bank/payments?x=/",
                Some("127.0.0.1:80/bank"),
            ),
            ("https://me:secret@host/a/b/c", Some("host/a")),
            ("https://host", Some("host")),
            ("https://host/?a/b", Some("host/")),
            ("/relative", None),
            ("x://", Some("")),
        ];
        for (address, expected) in cases {
            let call = coldtrace_testkit::span("GET").attribute("http.url", address);
            assert_eq!(endpoint(&call.build()), expected, "{address}");
        }
    }

    #[test]
    fn literals_are_no_part_of_a_statement() {
        let same = [
            "SELECT * FROM t1 WHERE id = 17",
            "SELECT * FROM t1 WHERE id = 'it''s'",
            "SELECT * FROM t1 WHERE id = 0x1f",
        ];
        for statement in same {
            assert_eq!(hashed(statement), hashed(same[0]), "{statement}");
        }
        assert_eq!(
            hashed("IN (1, 2, 3)"),
            hashed("IN (4)"),
            "a list of any length"
        );
        assert_eq!(hashed("GET /orders/17"), hashed("GET /orders/18"));
        for other in [
            "SELECT * FROM t2 WHERE id = 17",
            "SELECT * FROM t1",
            "select 'open",
        ] {
            assert_ne!(hashed(other), hashed(same[0]), "{other}");
        }
    }
}
