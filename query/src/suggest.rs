//! What may stand at a place of a half-typed query: the language's words, and what data of late know of it.

use coldtrace_model::TimeRange;
use coldtrace_store::reader::{ReadError, Reader, Seen, SuggestFilter, ValuesOf};
use coldtrace_traceql::{
    Completion, Field, Intrinsic, NamesWanted, Scope, Value, ValuesWanted, WordKind,
};

/// Names and values that are told.
const MOST: u32 = 50;

/// Something that may stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suggestion {
    /// As a query has it.
    pub(crate) text: String,
    pub(crate) kind: SuggestionKind,
    /// How often it was seen; nothing for what the language has.
    pub(crate) count: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SuggestionKind {
    /// A word of the language.
    Word(WordKind),
    /// An attribute.
    Attribute,
    /// A value of a field.
    Value,
}

/// All that may stand there: values before words, and words before names.
pub(crate) async fn suggest(
    reader: &Reader,
    completion: &Completion,
    range: TimeRange,
) -> Result<Vec<Suggestion>, ReadError> {
    let filter = SuggestFilter {
        range,
        service: completion.service.as_deref(),
        typed: "",
        limit: MOST,
    };
    let (values, names) = tokio::try_join!(
        values(reader, completion.values.as_ref(), filter),
        names(reader, completion.names.as_ref(), filter)
    )?;
    let words = completion.words.iter().map(|(word, kind)| Suggestion {
        text: word.clone(),
        kind: SuggestionKind::Word(*kind),
        count: None,
    });
    Ok(values.into_iter().chain(words).chain(names).collect())
}

async fn names(
    reader: &Reader,
    wanted: Option<&NamesWanted>,
    filter: SuggestFilter<'_>,
) -> Result<Vec<Suggestion>, ReadError> {
    let Some(wanted) = wanted else {
        return Ok(Vec::new());
    };
    let typed = wanted.typed.trim_start_matches('"');
    let service = filter.service.filter(|_| !wanted.of_parent);
    let filter = SuggestFilter {
        typed,
        service,
        ..filter
    };
    let of_spans = async {
        match wanted.scope {
            Scope::Any | Scope::Span => reader.span_attributes(&filter).await,
            _ => Ok(Vec::new()),
        }
    };
    let of_resources = async {
        match wanted.scope {
            Scope::Any | Scope::Resource => reader.resource_attributes(&filter).await,
            _ => Ok(Vec::new()),
        }
    };
    let (of_spans, of_resources) = tokio::try_join!(of_spans, of_resources)?;
    let of_parent = wanted.of_parent;
    // Where no scope is typed, each is told with its own, which is quicker to look for.
    let told = |own: Scope, seen: Seen| Suggestion {
        text: Field::Attribute {
            of_parent,
            scope: match wanted.scope {
                Scope::Any if wanted.is_scoped => Scope::Any,
                _ => own,
            },
            name: seen.text,
        }
        .to_string(),
        kind: SuggestionKind::Attribute,
        count: Some(seen.count),
    };
    let of_spans = of_spans.into_iter().map(|seen| told(Scope::Span, seen));
    let of_resources = of_resources
        .into_iter()
        .map(|seen| told(Scope::Resource, seen));
    let mut names: Vec<Suggestion> = Vec::new();
    for name in of_spans.chain(of_resources) {
        if !names.iter().any(|known| known.text == name.text) {
            names.push(name);
        }
    }
    Ok(names)
}

async fn values(
    reader: &Reader,
    wanted: Option<&ValuesWanted>,
    filter: SuggestFilter<'_>,
) -> Result<Vec<Suggestion>, ReadError> {
    let Some(wanted) = wanted else {
        return Ok(Vec::new());
    };
    let filter = SuggestFilter {
        typed: &wanted.typed,
        // Of a parent, or of a root, nothing says which service it is of.
        service: filter.service.filter(|_| is_own(&wanted.field)),
        ..filter
    };
    let mut suggestions: Vec<Suggestion> = Vec::new();
    for of in sources(&wanted.field) {
        for seen in reader.values(of, &filter).await? {
            let value = Suggestion::of_value(seen);
            if !suggestions.iter().any(|known| known.text == value.text) {
                suggestions.push(value);
            }
        }
    }
    Ok(suggestions)
}

/// Whether a field is of the span itself that the braces ask for.
fn is_own(field: &Field) -> bool {
    !matches!(
        field,
        Field::Attribute {
            of_parent: true,
            ..
        } | Field::Intrinsic(Intrinsic::RootName | Intrinsic::RootService)
    )
}

/// Where values of a field stand; nowhere if columns don't tell them.
fn sources(field: &Field) -> Vec<ValuesOf<'_>> {
    match field {
        Field::Intrinsic(Intrinsic::Name | Intrinsic::RootName) => vec![ValuesOf::Names],
        Field::Intrinsic(Intrinsic::RootService) => vec![ValuesOf::Services],
        Field::Intrinsic(Intrinsic::StatusMessage) => vec![ValuesOf::StatusMessages],
        Field::Intrinsic(_) => Vec::new(),
        Field::Attribute { scope, name, .. } => match (scope, name.as_str()) {
            (Scope::Any | Scope::Resource, "service.name") => vec![ValuesOf::Services],
            (Scope::Any, name) => vec![ValuesOf::Span(name), ValuesOf::Resource(name)],
            (Scope::Span, name) => vec![ValuesOf::Span(name)],
            (Scope::Resource, name) => vec![ValuesOf::Resource(name)],
            _ => Vec::new(),
        },
    }
}

// === impl Suggestion ===

impl Suggestion {
    fn of_value(seen: Seen) -> Self {
        // Numbers and truth stand as they are; what is no number that a query can have is told as text, which matches nothing
        // and harms nobody.
        let is_bare = match seen.letter.as_str() {
            "b" => matches!(seen.text.as_str(), "true" | "false"),
            "i" => seen.text.parse::<i64>().is_ok(),
            "d" => seen.text.parse::<f64>().is_ok_and(f64::is_finite),
            _ => false,
        };
        Self {
            text: match is_bare {
                true => seen.text,
                false => Value::Text(seen.text.into()).to_string(),
            },
            kind: SuggestionKind::Value,
            count: Some(seen.count),
        }
    }
}
