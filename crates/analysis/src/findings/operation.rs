//! Which spans do the same: calls of one kind to one peer with one statement, numbers and texts in it aside.

use std::cell::OnceCell;
use std::hash::{DefaultHasher, Hasher as _};

use coldtrace_model::{AttributeValue, Span, SpanKind, attribute};

use crate::Trace;

/// Who is called, and what is asked of it, by the names that conventions have had for both.
const TELLING: [&str; 14] = [
    "server.address",
    "peer.service",
    "net.peer.name",
    "rpc.service",
    "messaging.destination.name",
    "db.namespace",
    "db.query.text",
    "db.statement",
    "db.query.summary",
    "http.route",
    "url.template",
    "rpc.method",
    "aws.dynamodb.table_names",
    "db.collection.name",
];

/// Bytes that are hashed of most calls at most.
const USUAL: usize = 512;
/// After every text.
const END: u8 = 0xff;

/// A call's whole address, by the names that conventions have had for it.
const ADDRESSES: [&str; 2] = ["url.full", "http.url"];

/// The operation of every node, as a number that is the same in every trace; nothing for what calls nobody.
pub(crate) struct Operations<'a> {
    trace: &'a Trace,
    /// Those that somebody asked for: to read all that a span says takes longer than to rebuild it.
    known: Vec<OnceCell<u64>>,
}

impl<'a> Operations<'a> {
    pub(crate) fn of(trace: &'a Trace) -> Self {
        Self {
            trace,
            known: vec![OnceCell::new(); trace.nodes.len()],
        }
    }

    pub(crate) fn is_call(&self, place: usize) -> bool {
        let kind = self.trace.nodes[place].kind;
        matches!(kind, SpanKind::Client | SpanKind::Producer)
    }

    pub(crate) fn get(&self, place: usize) -> Option<u64> {
        let operation = || *self.known[place].get_or_init(|| hash(self.trace.span(place)));
        self.is_call(place).then(operation)
    }
}

fn hash(span: &Span) -> u64 {
    let mut told: [Option<&AttributeValue>; TELLING.len()] = [None; TELLING.len()];
    for (name, value) in &span.attributes {
        if let Some(place) = TELLING.iter().position(|telling| telling == name) {
            told[place].get_or_insert(value);
        }
    }
    // Hashed as one: each call of the hasher takes as long as some letters.
    let mut bytes = Vec::with_capacity(USUAL);
    bytes.push(span.kind as u8);
    normalised(&span.name, &mut bytes);
    normalised(endpoint(span).unwrap_or_default(), &mut bytes);
    for value in told {
        match value {
            Some(AttributeValue::String(text)) => normalised(text, &mut bytes),
            Some(other) => {
                bytes.extend_from_slice(format!("{other:?}").as_bytes());
                bytes.push(END);
            }
            None => bytes.push(0),
        }
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
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

/// A text for people without its literals: `GET /orders/17` and `GET /orders/18` are `GET /orders/?`.
pub(crate) fn without_literals(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    // Between two literals of a list nothing stands; behind the last one what stood there.
    let mut behind = String::new();
    let mut was_literal = false;
    letters(text, |letter| match letter {
        None => {
            if !was_literal {
                plain.push('?');
            }
            behind.clear();
            was_literal = true;
        }
        Some(between @ (',' | ' ')) if was_literal => behind.push(between),
        Some(other) => {
            plain.push_str(&behind);
            plain.push(other);
            behind.clear();
            was_literal = false;
        }
    });
    plain.push_str(&behind);
    plain
}

/// A statement without its literals: `id = 17` and `id = 'a'` ask the same, and so do lists of any length.
fn normalised(text: &str, bytes: &mut Vec<u8>) {
    let mut was_literal = false;
    letters(text, |letter| {
        match letter {
            None if was_literal => {}
            None => bytes.push(b'?'),
            // Between the literals of a list.
            Some(',' | ' ') if was_literal => return,
            Some(other) => bytes.extend_from_slice(&u32::from(other).to_ne_bytes()),
        }
        was_literal = letter.is_none();
    });
    bytes.push(END);
}

/// The letters of a statement, and `None` for each of its literals.
fn letters(text: &str, mut take: impl FnMut(Option<char>)) {
    let mut letters = text.chars().peekable();
    let mut is_in_word = false;
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
        take((!is_literal).then_some(letter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        normalised(text, &mut bytes);
        bytes
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
            assert_eq!(told(statement), told(same[0]), "{statement}");
        }
        assert_eq!(told("IN (1, 2, 3)"), told("IN (4)"), "a list of any length");
        assert_eq!(told("GET /orders/17"), told("GET /orders/18"));
        for other in [
            "SELECT * FROM t2 WHERE id = 17",
            "SELECT * FROM t1",
            "select 'open",
        ] {
            assert_ne!(told(other), told(same[0]), "{other}");
        }
    }
    #[test]
    fn a_text_without_its_literals_is_still_read_by_people() {
        let cases = [
            ("GET /orders/17", "GET /orders/?"),
            (
                "SELECT a FROM t1 WHERE id IN (1, 2, 'x') LIMIT 5",
                "SELECT a FROM t1 WHERE id IN (?) LIMIT ?",
            ),
            ("render 7 of 9", "render ? of ?"),
            ("open 'quote", "open ?"),
            ("plain", "plain"),
            ("17, ", "?, "),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(without_literals(text), expected, "{text}");
        }
    }
}
