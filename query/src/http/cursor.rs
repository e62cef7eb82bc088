//! Cursors: where the next page of a list begins, opaque to whoever carries them.
//!
//! A cursor holds the range and the order of its list too, so that the pages of one list fit together while new things
//! arrive. It is not a secret and not trusted: what comes back is checked like any parameter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coldtrace_model::{TimeRange, UnixNanos};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::params::{Order, Params};

/// A list's range, order, and the place behind which it goes on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place<Key> {
    pub(super) range: TimeRange,
    pub(super) order: Order,
    pub(super) after: Option<Key>,
}

/// The cursor's contents: short names, since it stands in addresses.
#[derive(Serialize, Deserialize)]
struct Contents<Key> {
    f: u64,
    t: u64,
    o: Order,
    k: Key,
}

impl<Key: Serialize + DeserializeOwned> Place<Key> {
    /// Where a request wants to go on, or the beginning of a list that has these orders.
    pub(super) fn read(params: &Params, orders: &[Order]) -> Result<Self, ApiError> {
        let (given, order) = (params.range()?, params.order(orders)?);
        let Some(cursor) = params.text("cursor") else {
            return Ok(Self {
                range: given.or_last_hour(UnixNanos::now())?,
                order,
                after: None,
            });
        };
        let place = Self::decode(cursor)
            .ok_or_else(|| ApiError::invalid("cursor", "is not one that this list gave"))?;
        if !given.fits(place.range) || place.order != order {
            let told = "belongs to a list of another range or order; begin again without it";
            return Err(ApiError::invalid("cursor", told));
        }
        Ok(place)
    }

    /// The cursor of the page behind `key`.
    pub(super) fn cursor(&self, key: Key) -> String {
        let contents = Contents {
            f: self.range.from.0,
            t: self.range.to.0,
            o: self.order,
            k: key,
        };
        let json = serde_json::to_vec(&contents).expect("numbers and text are JSON");
        URL_SAFE_NO_PAD.encode(json)
    }

    fn decode(cursor: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let contents: Contents<Key> = serde_json::from_slice(&json).ok()?;
        let stored = |time: u64| (time <= UnixNanos::MAX_STORED.0).then_some(UnixNanos(time));
        Some(Self {
            range: TimeRange {
                from: stored(contents.f)?,
                to: stored(contents.t)?,
            },
            order: contents.o,
            after: Some(contents.k),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::*;

    fn read(query: &str) -> Result<Place<(u64, String)>, ApiError> {
        let uri: Uri = format!("/list?{query}").parse().expect("a path");
        let params = Params::read(&uri, &["from", "to", "sort", "cursor"])?;
        Place::read(&params, &[Order::Newest, Order::Slowest])
    }

    #[test]
    fn a_cursor_goes_on_in_the_same_range_and_order() {
        let first = read("from=5&to=9&sort=slowest").expect("a list");
        let cursor = first.cursor((7, "it's \"x\"".to_owned()));
        let url_safe = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        assert!(cursor.chars().all(url_safe), "{cursor}");
        let next = read(&format!("sort=slowest&cursor={cursor}")).expect("the next page");
        assert_eq!(next.range, first.range);
        assert_eq!(next.after, Some((7, "it's \"x\"".to_owned())));
        assert_eq!(
            read(&format!("from=5&to=9&sort=slowest&cursor={cursor}")),
            Ok(next)
        );
    }

    #[test]
    fn a_foreign_or_broken_cursor_is_refused() {
        let cursor = read("from=5&to=9")
            .expect("a list")
            .cursor((7, String::new()));
        let queries = [
            format!("from=6&cursor={cursor}"),
            format!("sort=slowest&cursor={cursor}"),
            format!("cursor={}", &cursor[1..]),
            "cursor=e30".to_owned(),
        ];
        for query in queries {
            match read(&query) {
                Err(ApiError::Invalid { parameter, .. }) => assert_eq!(parameter, "cursor"),
                other => panic!("{query}: {other:?}"),
            }
        }
    }
}
