//! What of a span a query can name.

use std::fmt;

use crate::value::{Type, quote};

/// An attribute, or something that every span has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// By its scope and name.
    Attribute {
        /// Of the span's parent instead of the span.
        of_parent: bool,
        /// Where it is looked for.
        scope: Scope,
        /// Its key.
        name: String,
    },
    /// What every span has.
    Intrinsic(Intrinsic),
}

/// Where an attribute is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In all of these, in this order: the first that has it.
    Any,
    /// Of the span itself.
    Span,
    /// Of who produced it.
    Resource,
    /// Of its events.
    Event,
    /// Of its links.
    Link,
    /// Of the library that recorded it.
    Instrumentation,
}

/// What every span has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intrinsic {
    /// From start to end.
    Duration,
    /// What was done.
    Name,
    /// Its role in a call.
    Kind,
    /// How it ended.
    Status,
    /// Words for that.
    StatusMessage,
    /// Nil for a root; else only known not to be nil.
    Parent,
    /// How many spans name it as their parent.
    ChildCount,
    /// Its own id, in hex.
    SpanId,
    /// That of its parent.
    ParentId,
    /// From the first start to the last end in the trace.
    TraceDuration,
    /// Name of the trace's root.
    RootName,
    /// Its service.
    RootService,
    /// The trace's id, in hex.
    TraceId,
    /// Numbers of a walk around the tree, from 1; those of all below lie between the left and the right of a span.
    NestedSetLeft,
    /// See `NestedSetLeft`.
    NestedSetRight,
    /// The left number of its parent; -1 for a root.
    NestedSetParent,
    /// Names of its events.
    EventName,
    /// From the span's start to its events.
    EventTimeSinceStart,
    /// Traces that it links to.
    LinkTraceId,
    /// Spans that it links to.
    LinkSpanId,
    /// Name of the library that recorded it.
    InstrumentationName,
    /// That library's version.
    InstrumentationVersion,
}

/// Every intrinsic by its names; the first is the one that is shown.
const INTRINSICS: &[(Intrinsic, &[&str])] = &[
    (Intrinsic::Duration, &["duration", "span:duration"]),
    (Intrinsic::Name, &["name", "span:name"]),
    (Intrinsic::Kind, &["kind", "span:kind"]),
    (Intrinsic::Status, &["status", "span:status"]),
    (
        Intrinsic::StatusMessage,
        &["statusMessage", "span:statusMessage"],
    ),
    (Intrinsic::Parent, &["parent"]),
    (Intrinsic::ChildCount, &["span:childCount", "childCount"]),
    (Intrinsic::SpanId, &["span:id"]),
    (Intrinsic::ParentId, &["span:parentID"]),
    (
        Intrinsic::TraceDuration,
        &["traceDuration", "trace:duration"],
    ),
    (Intrinsic::RootName, &["rootName", "trace:rootName"]),
    (
        Intrinsic::RootService,
        &["rootServiceName", "trace:rootService"],
    ),
    (Intrinsic::TraceId, &["trace:id"]),
    (Intrinsic::NestedSetLeft, &["nestedSetLeft"]),
    (Intrinsic::NestedSetRight, &["nestedSetRight"]),
    (Intrinsic::NestedSetParent, &["nestedSetParent"]),
    (Intrinsic::EventName, &["event:name"]),
    (Intrinsic::EventTimeSinceStart, &["event:timeSinceStart"]),
    (Intrinsic::LinkTraceId, &["link:traceID"]),
    (Intrinsic::LinkSpanId, &["link:spanID"]),
    (Intrinsic::InstrumentationName, &["instrumentation:name"]),
    (
        Intrinsic::InstrumentationVersion,
        &["instrumentation:version"],
    ),
];

// === impl Intrinsic ===

impl Intrinsic {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let found = INTRINSICS.iter().find(|(_, names)| names.contains(&word));
        found.map(|(intrinsic, _)| *intrinsic)
    }

    /// All names, for whoever types one.
    pub fn names() -> impl Iterator<Item = &'static str> {
        INTRINSICS
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
    }

    /// The name of each that is shown.
    pub(crate) fn shown_names() -> impl Iterator<Item = &'static str> {
        INTRINSICS.iter().map(|(_, names)| names[0])
    }

    pub(crate) fn type_(self) -> Type {
        match self {
            Self::Duration
            | Self::ChildCount
            | Self::TraceDuration
            | Self::NestedSetLeft
            | Self::NestedSetRight
            | Self::NestedSetParent
            | Self::EventTimeSinceStart => Type::Number,
            Self::Kind => Type::Kind,
            Self::Status => Type::Status,
            Self::Parent => Type::Nil,
            Self::Name
            | Self::StatusMessage
            | Self::SpanId
            | Self::ParentId
            | Self::RootName
            | Self::RootService
            | Self::TraceId
            | Self::EventName
            | Self::LinkTraceId
            | Self::LinkSpanId
            | Self::InstrumentationName
            | Self::InstrumentationVersion => Type::Text,
        }
    }

    fn as_str(self) -> &'static str {
        let found = INTRINSICS.iter().find(|(intrinsic, _)| *intrinsic == self);
        found.map_or("", |(_, names)| names[0])
    }
}

// === impl Scope ===

impl Scope {
    /// What stands before an attribute's name.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Any => ".",
            Self::Span => "span.",
            Self::Resource => "resource.",
            Self::Event => "event.",
            Self::Link => "link.",
            Self::Instrumentation => "instrumentation.",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        let scopes = [
            Self::Span,
            Self::Resource,
            Self::Event,
            Self::Link,
            Self::Instrumentation,
        ];
        scopes
            .into_iter()
            .find(|scope| scope.prefix().strip_suffix('.') == Some(word))
    }
}

// === impl Field ===

impl Field {
    pub(crate) fn type_(&self) -> Type {
        match self {
            Self::Attribute { .. } => Type::Any,
            Self::Intrinsic(intrinsic) => intrinsic.type_(),
        }
    }
}

impl fmt::Display for Field {
    /// As a query would write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intrinsic(intrinsic) => f.write_str(intrinsic.as_str()),
            Self::Attribute {
                of_parent,
                scope,
                name,
            } => {
                let prefix = scope.prefix();
                match (of_parent, scope) {
                    (true, Scope::Any) => f.write_str("parent.")?,
                    (true, _) => write!(f, "parent.{prefix}")?,
                    (false, _) => f.write_str(prefix)?,
                }
                match name.chars().all(crate::token::is_of_attribute) && !name.is_empty() {
                    true => f.write_str(name),
                    false => quote(f, name),
                }
            }
        }
    }
}
