//! The query service's API as commands ask it: where it is, what it answered, and its words where it did not.

use std::time::Duration;

use clap::Args;
use coldtrace_model::Nanos;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::ConfigFile;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::settings::Config;

/// The service gives up before.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which service is asked.
#[derive(Args)]
pub(crate) struct Service {
    #[command(flatten)]
    file: ConfigFile,
    /// Where the query service is, where the settings do not say.
    #[arg(long, value_name = "URL")]
    query: Option<String>,
}

/// It, reached.
pub(crate) struct Api {
    client: Client,
    url: String,
}

/// An error of the API.
#[derive(Deserialize)]
struct Refused {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
}

// === impl Service ===

impl Service {
    pub(crate) fn api(&self) -> Result<Api, Failure> {
        let config = Config::load(&self.file)?;
        let url = match &self.query {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => client::url(config.query.tls.scheme(), config.query.listen),
        };
        Ok(Api {
            client: Client::new(&config.control, PATIENCE)?,
            url,
        })
    }
}

// === impl Api ===

impl Api {
    /// The text of a reply; nothing if there is nothing of that name.
    pub(crate) fn get(&self, path: &str) -> Result<Option<String>, Failure> {
        let (url, asked) = (&self.url, format!("{}/api/v1/{path}", self.url));
        let (status, text) = self.client.get(&asked).map_err(|error| {
            Failure::Told(format!(
                "the query service at {url} does not answer: {error}"
            ))
        })?;
        match status {
            200 => Ok(Some(text)),
            404 => Ok(None),
            _ => {
                let refused = serde_json::from_str::<Refused>(&text);
                let why = refused.map_or_else(
                    |_| format!("status {status}"),
                    |refused| refused.error.message,
                );
                Err(Failure::Told(format!(
                    "the query service at {url} says: {why}"
                )))
            }
        }
    }
}

/// A reply as its reader knows it.
pub(crate) fn read<T: DeserializeOwned>(reply: &str) -> Result<T, Failure> {
    serde_json::from_str(reply).map_err(|error| {
        Failure::failed(
            "the query service answered what this version does not know",
            error,
        )
    })
}

/// Anything in a path or a parameter.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                escaped.push(byte.into())
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

/// Nanoseconds, which JSON has as text.
pub(crate) fn nanos(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// A length of time in three digits and a unit.
pub(crate) fn length(nanos: u64) -> String {
    coldtrace_analysis::length(Nanos(nanos))
}

/// How long ago something was, roughly.
pub(crate) fn age(nanos: u64) -> String {
    match nanos / 1_000_000_000 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7_200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// What came from strangers, for a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// How far back: `15m`, `6h`, `7d`.
pub(crate) fn reach(text: &str) -> Result<Nanos, String> {
    const SECOND: u64 = 1_000_000_000;
    let wrong = || "must be a number with s, m, h or d, such as 6h".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let nanos = number.checked_mul(seconds * SECOND).ok_or_else(wrong)?;
    Ok(Nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_back_is_a_number_with_a_unit() {
        assert_eq!(reach("15m"), Ok(Nanos::from_millis(900_000)));
        assert_eq!(reach("7d"), Ok(Nanos::from_millis(7 * 86_400_000)));
        for wrong in ["", "7", "d", "-1h", "1w", "99999999999d", "7µ"] {
            assert!(reach(wrong).is_err(), "{wrong}");
        }
    }
}
