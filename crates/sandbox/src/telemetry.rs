//! The platform's telemetry: records of a sandbox's life, and the extensions that subscribed to them.
//!
//! Subscriptions belong to an extension's name and outlive a reset: what the extension had not received when its process
//! was killed, its next process gets. Invariant: nothing is delivered while the sandbox is frozen, because whoever would
//! receive it is frozen, and the platform's own relay with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::LogFormat;
use crate::timestamp;

mod buffer;
mod delivery;
mod feed;
pub(crate) mod subscription;

use buffer::Buffer;
use feed::Feed;
use subscription::Subscription;

/// Who wrote a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    Platform,
    Function,
    Extension,
}

/// Whether time passes for the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It stands still.
    Frozen,
    /// Records wait for their batch to fill up or to be due.
    Awake,
    /// The sandbox shuts down: records are delivered as they come.
    Draining,
}

/// One record, as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    category: Category,
    json: Arc<str>,
    /// The same with text as its record, for the schema that knows no other; if `json` has not.
    as_text: Option<Arc<str>>,
}

/// A sandbox's telemetry. Clones share it.
#[derive(Clone)]
pub(crate) struct Telemetry {
    shared: Arc<Shared>,
    log_format: LogFormat,
}

struct Shared {
    /// Locked for a record: by whoever has something to tell.
    book: Mutex<Book>,
    pace: watch::Sender<Pace>,
}

struct Book {
    /// What was told in the current init, for those who subscribe in the course of it; `None` when it is over.
    init: Option<Buffer>,
    feeds: BTreeMap<String, Arc<Feed>>,
    deliveries: JoinSet<()>,
}

// === impl Category ===

impl Category {
    /// Its name in a subscription's `types`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Function => "function",
            Self::Extension => "extension",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Platform, Self::Function, Self::Extension]
            .into_iter()
            .find(|category| category.as_str() == name)
    }
}

// === impl Telemetry ===

impl Telemetry {
    pub(crate) fn new(log_format: LogFormat) -> Self {
        let book = Book {
            init: None,
            feeds: BTreeMap::new(),
            deliveries: JoinSet::new(),
        };
        Self {
            shared: Arc::new(Shared {
                book: Mutex::new(book),
                pace: watch::Sender::new(Pace::Awake),
            }),
            log_format,
        }
    }

    /// The platform tells something that happens now.
    pub(crate) fn platform(&self, kind: &str, record: Value) {
        self.platform_at(SystemTime::now(), kind, record);
    }

    /// The platform tells something that happened at `time`.
    pub(crate) fn platform_at(&self, time: SystemTime, kind: &str, record: Value) {
        let entry = Entry {
            category: Category::Platform,
            json: envelope(time, kind, record),
            as_text: None,
        };
        self.tell(entry);
    }

    /// A process wrote a line.
    pub(crate) fn line(&self, category: Category, line: String) {
        tracing::debug!(source = category.as_str(), line = line.trim_end(), "logged");
        let (time, kind) = (SystemTime::now(), category.as_str());
        let object = match self.log_format {
            LogFormat::Json => serde_json::from_str(&line).ok().filter(Value::is_object),
            LogFormat::Text => None,
        };
        let text = envelope(time, kind, Value::String(line));
        self.tell(match object {
            Some(object) => Entry {
                category,
                json: envelope(time, kind, object),
                as_text: Some(text),
            },
            None => Entry {
                category,
                json: text,
                as_text: None,
            },
        });
    }

    /// An init begins: from now on extensions may subscribe.
    pub(crate) fn open_init(&self) {
        self.book().init = Some(Buffer::default());
    }

    /// The init is over.
    pub(crate) fn close_init(&self) {
        self.book().init = None;
    }

    /// Whether extensions may subscribe.
    pub(crate) fn is_init(&self) -> bool {
        self.book().init.is_some()
    }

    /// Subscribes an extension. It gets what it missed of the current init, and what an earlier process of it did not
    /// receive. True if it has been subscribed before.
    pub(crate) fn subscribe(&self, extension: &str, subscription: Subscription) -> bool {
        let mut book = self.book();
        let book = &mut *book;
        let known = book.feeds.contains_key(extension);
        let feed = book.feeds.entry(extension.to_owned()).or_default();
        if !known && let Some(init) = &book.init {
            feed.push_all(&subscription, init.iter());
        }
        feed.attach(subscription);
        if !known {
            let delivery = delivery::run(Arc::clone(feed), self.shared.pace.subscribe());
            book.deliveries.spawn(delivery);
        }
        known
    }

    /// The processes that subscribed are gone. What they did not receive is kept for their successors.
    pub(crate) fn detach(&self) {
        for feed in self.book().feeds.values() {
            feed.detach();
        }
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        self.shared.pace.send_replace(pace);
    }

    fn tell(&self, entry: Entry) {
        let mut book = self.book();
        for feed in book.feeds.values() {
            feed.push(&entry);
        }
        if let Some(init) = &mut book.init {
            init.push(entry);
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing panics while the lock is held.
        self.shared
            .book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Entry ===

impl Entry {
    /// As a subscription wants it, if it does.
    fn of(&self, subscription: &Subscription) -> Option<Self> {
        if !subscription.wants(self.category) {
            return None;
        }
        let mut entry = self.clone();
        if let Some(text) = entry.as_text.take().filter(|_| !subscription.has_objects()) {
            entry.json = text;
        }
        Some(entry)
    }
}

fn envelope(time: SystemTime, kind: &str, record: Value) -> Arc<str> {
    let mut envelope = json!({"time": timestamp::rfc3339(time), "type": kind});
    envelope["record"] = record;
    envelope.to_string().into()
}
