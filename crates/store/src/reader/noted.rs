//! What a reader asked, for people who ask the same themselves: each query as it can be run anywhere on the server.
//!
//! Tables are named with their database, and what a connection of ours sets beside a query stands at its end. What a query says is
//! not touched: its filter on the tenant stays in it.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use clickhouse::error::Error;
use clickhouse::query::Query;
use clickhouse::{RowOwned, RowRead};
use coldtrace_model::Nanos;
use tokio::time::Instant;

use super::SNAPSHOT;
use crate::schema;

/// In bytes of SQL, of one reader's queries: more than a page is made of.
const MOST: usize = 16 << 20;
/// What a server takes that nobody told otherwise.
const USUAL_QUERY_SIZE: usize = 256 << 10;

/// The queries of a reader and its clones, as they end. Clones share them.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    queries: Vec<NotedQuery>,
    bytes: usize,
}

/// A query that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedQuery {
    /// As it can be run.
    pub sql: String,
    /// From the question to the end of the answer.
    pub took: Nanos,
    /// How many rows were read.
    pub rows: u64,
    /// How many bytes were read, unpacked.
    pub bytes: u64,
}

/// There were more queries than are noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its queries are more than {} MB", MOST >> 20)]
pub struct TooManyNotes;

// === impl Notes ===

impl Notes {
    /// What was noted, in the order in which the queries ended.
    pub fn take(&self) -> Result<Vec<NotedQuery>, TooManyNotes> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Noted { queries, bytes } = std::mem::take(&mut *noted);
        match bytes > MOST {
            true => Err(TooManyNotes),
            false => Ok(queries),
        }
    }

    /// Asks, and notes what was asked.
    pub(super) async fn fetch<T: RowOwned + RowRead>(
        &self,
        query: Query,
        sql: &str,
        database: &str,
    ) -> Result<Vec<T>, Error> {
        let started = Instant::now();
        // Else the server says what it has read before it has read all.
        let mut cursor = query.with_setting("wait_end_of_query", "1").fetch::<T>()?;
        let mut rows = Vec::new();
        while let Some(row) = cursor.next().await? {
            rows.push(row);
        }
        let took = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let summary = cursor.summary();
        self.note(NotedQuery {
            sql: runnable(sql, database),
            took: Nanos(took),
            rows: summary.and_then(|summary| summary.read_rows()).unwrap_or(0),
            bytes: summary
                .and_then(|summary| summary.read_bytes())
                .unwrap_or(0),
        });
        Ok(rows)
    }

    fn note(&self, query: NotedQuery) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.bytes = noted.bytes.saturating_add(query.sql.len());
        if noted.bytes <= MOST {
            noted.queries.push(query);
        }
    }
}

/// A stretch of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// A name, a keyword or a number.
    Word(&'a str),
    Space(&'a str),
    /// In quotes, or a letter of any other kind.
    Other(&'a str),
}

/// The query as it can be run on a connection that is bound to no database of ours.
fn runnable(sql: &str, database: &str) -> String {
    let pieces: Vec<Piece<'_>> = Pieces(sql).collect();
    let surplus = surplus_indent(&pieces);
    let mut told = String::with_capacity(sql.len() + 256);
    if sql.len() > USUAL_QUERY_SIZE {
        told.push_str(&format!(
            "-- To be run with max_query_size = {}\n",
            super::MAX_QUERY_SIZE
        ));
    }
    let (mut names_table, mut has_settings, mut depth) = (false, false, 0_i32);
    for (index, piece) in pieces.iter().enumerate() {
        match *piece {
            Piece::Word(word) => {
                let is_more = matches!(pieces.get(index + 1), Some(Piece::Other("." | "(")));
                if names_table && !is_more && TABLES.iter().any(|table| table == word) {
                    told.push_str(&quoted(database));
                    told.push('.');
                }
                told.push_str(word);
                names_table = matches!(word, "FROM" | "JOIN");
                has_settings |= word == "SETTINGS" && depth == 0;
            }
            Piece::Space(space) => match space.rfind('\n') {
                None => told.push_str(space),
                Some(end) => {
                    let indent = space.len() - end - 1;
                    told.push('\n');
                    told.extend(std::iter::repeat_n(' ', indent.saturating_sub(surplus)));
                }
            },
            Piece::Other(other) => {
                told.push_str(other);
                names_table = false;
                depth += match other {
                    "(" => 1,
                    ")" => -1,
                    _ => 0,
                };
            }
        }
    }
    let (name, value) = SNAPSHOT;
    let joint = if has_settings { "," } else { "\nSETTINGS" };
    told.push_str(&format!("{joint} {name} = {value}"));
    told
}

/// By how much every line but the first is indented more than by four.
fn surplus_indent(pieces: &[Piece<'_>]) -> usize {
    let indents = pieces.iter().filter_map(|piece| match piece {
        Piece::Space(space) => Some(space.len() - space.rfind('\n')? - 1),
        _ => None,
    });
    indents.min().unwrap_or(0).saturating_sub(4)
}

/// The tables of the schema.
static TABLES: LazyLock<Vec<String>> = LazyLock::new(schema::tables);

/// A name, in quotes where it needs them.
fn quoted(name: &str) -> String {
    let is_plain = !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    match is_plain {
        true => name.to_owned(),
        false => format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")),
    }
}

/// What is left of the SQL.
struct Pieces<'a>(&'a str);

// === impl Pieces ===

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = self.0;
        let first = rest.chars().next()?;
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = match first {
            '\'' | '`' | '"' => quote_length(rest, first),
            _ if first.is_whitespace() => length_of(rest, char::is_whitespace),
            _ if is_word(first) => length_of(rest, is_word),
            _ => first.len_utf8(),
        };
        let (piece, left) = rest.split_at(length);
        self.0 = left;
        Some(match first {
            _ if first.is_whitespace() => Piece::Space(piece),
            _ if is_word(first) => Piece::Word(piece),
            _ => Piece::Other(piece),
        })
    }
}

fn length_of(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !is_part(letter)).unwrap_or(text.len())
}

/// To the quote that is not behind a backslash; a quote that is written twice begins another piece, which is as good.
fn quote_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if letter == quote => return at + letter.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: &str = "\nSETTINGS enable_shared_storage_snapshot_in_query = 1";

    #[test]
    fn tables_are_named_with_their_database_and_nothing_else_is_touched() {
        let sql = "SELECT touched.t FROM touched JOIN (SELECT t FROM items) USING t WHERE name = 'x FROM spans \\' FROM spans'";
        let told = "SELECT touched.t FROM coldtrace.touched JOIN (SELECT t FROM items) USING t WHERE name = 'x FROM spans \\' FROM spans'";
        assert_eq!(runnable(sql, "coldtrace"), format!("{told}{ENDS}"));
        let other = "SELECT 1 FROM numbers(1), FROM system.parts, FROM spans.x, a FROM\n  logs";
        let told =
            "SELECT 1 FROM numbers(1), FROM system.parts, FROM spans.x, a FROM\n  `my-db`.logs";
        assert_eq!(runnable(other, "my-db"), format!("{told}{ENDS}"));
    }

    #[test]
    fn what_a_connection_sets_stands_behind_what_the_query_sets() {
        let told = runnable("SELECT 1 SETTINGS max_threads = 1", "coldtrace");
        let joint =
            "SELECT 1 SETTINGS max_threads = 1, enable_shared_storage_snapshot_in_query = 1";
        assert_eq!(told, joint);
        let inside = "SELECT 1 FROM (SELECT 1 SETTINGS max_threads = 1)";
        assert_eq!(runnable(inside, "coldtrace"), format!("{inside}{ENDS}"));
    }

    #[test]
    fn lines_are_indented_from_the_left() {
        let sql = "SELECT '\n            x'\n            FROM (\n                SELECT 1)";
        let told = "SELECT '\n            x'\n    FROM (\n        SELECT 1)";
        assert_eq!(runnable(sql, "coldtrace"), format!("{told}{ENDS}"));
    }

    #[test]
    fn more_than_is_noted_is_told() {
        let notes = Notes::default();
        let long = |length| NotedQuery {
            sql: "x".repeat(length),
            took: Nanos(1),
            rows: 1,
            bytes: 1,
        };
        notes.note(long(MOST));
        assert_eq!(notes.take().map(|all| all.len()), Ok(1));
        assert_eq!(notes.take().map(|all| all.len()), Ok(0), "they are taken");
        notes.note(long(MOST));
        notes.note(long(1));
        assert_eq!(notes.take(), Err(TooManyNotes));
    }
}
