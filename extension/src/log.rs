//! What the extension says of itself: one JSON line to standard error for each thing that someone may want to know.
//!
//! Quiet by default. It never subscribes to the `extension` stream, so its own lines don't come back as telemetry.

use std::fmt::Display;
use std::io::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Level {
    Off = 0,
    /// Data was lost, or someone must act.
    Error = 1,
    /// Something went wrong and was recovered.
    #[default]
    Warn = 2,
    /// The life cycle.
    Info = 3,
    /// Each request.
    Debug = 4,
}

/// Set once at start, read by every line; threads need no more than the number itself.
static LEVEL: AtomicU8 = AtomicU8::new(Level::Warn as u8);

// === impl Level ===

impl Level {
    /// The level with this name.
    pub(crate) fn parse(name: &str) -> Result<Self, &'static str> {
        match name.to_ascii_lowercase().as_str() {
            "off" => Ok(Self::Off),
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            _ => Err("is none of off, error, warn, info, debug"),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Lines of this level and graver ones are written from now on.
pub(crate) fn set_level(level: Level) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Writes one line, if its level is on.
pub(crate) fn line(level: Level, message: &'static str, fields: &[(&'static str, &dyn Display)]) {
    if level as u8 > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let mut line = serde_json::Map::new();
    line.insert("level".into(), level.as_str().into());
    line.insert("target".into(), "coldtrace-extension".into());
    line.insert("message".into(), message.into());
    for (name, value) in fields {
        line.insert((*name).into(), value.to_string().into());
    }
    // Where standard error can't be written there is nobody left to tell.
    drop(writeln!(
        std::io::stderr().lock(),
        "{}",
        serde_json::Value::Object(line)
    ));
}
