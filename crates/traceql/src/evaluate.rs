//! What of a trace a query asks for.

use std::cmp::Ordering;

use crate::field::Field;
use crate::syntax::{
    Aggregate, Combine, Expression, Filter, Function, Keep, Operator, Pipeline, Query, Relation,
    Scalar, Spansets, Stage,
};
use crate::tree::Tree;
use crate::value::Value;

/// What was found in a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<'a> {
    /// None if the trace does not match; never empty ones.
    pub spansets: Vec<Spanset<'a>>,
    /// What `select()` asked to be told of each span.
    pub selected: Vec<Field>,
}

/// Spans that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spanset<'a> {
    /// Places in the trace, in its order.
    pub spans: Vec<usize>,
    /// By what it was split, and what was computed of it: the words of the query, and the value.
    pub values: Vec<(String, Value<'a>)>,
}

// === impl Query ===

impl Query {
    /// What of this trace it asks for.
    pub fn evaluate<'a>(&'a self, tree: &'a Tree<'a>) -> Answer<'a> {
        let all = Spanset {
            spans: (0..tree.len()).collect(),
            values: Vec::new(),
        };
        let mut selected: Vec<Field> = Vec::new();
        for stage in &self.pipeline.stages {
            let Stage::Select(fields) = stage else {
                continue;
            };
            for field in fields {
                if !selected.contains(field) {
                    selected.push(field.clone());
                }
            }
        }
        Answer {
            spansets: run(&self.pipeline, tree, vec![all]),
            selected,
        }
    }
}

fn run<'a>(
    pipeline: &'a Pipeline,
    tree: &'a Tree<'a>,
    given: Vec<Spanset<'a>>,
) -> Vec<Spanset<'a>> {
    let mut spansets = given;
    for stage in &pipeline.stages {
        spansets = match stage {
            Stage::Spansets(of) => spansets
                .into_iter()
                .map(|given| Spanset {
                    spans: found(of, tree, &given.spans),
                    ..given
                })
                .collect(),
            Stage::Filter(filter) => spansets
                .into_iter()
                .filter_map(|given| filtered(filter, tree, given))
                .collect(),
            Stage::By(of) => spansets
                .into_iter()
                .flat_map(|given| split(of, tree, &given))
                .collect(),
            Stage::Coalesce => vec![joined(spansets)],
            Stage::Select(_) => spansets,
        };
        spansets.retain(|spanset| !spanset.spans.is_empty());
    }
    spansets
}

fn joined(spansets: Vec<Spanset<'_>>) -> Spanset<'_> {
    Spanset {
        spans: sorted(
            spansets
                .into_iter()
                .flat_map(|spanset| spanset.spans)
                .collect(),
        ),
        values: Vec::new(),
    }
}

/// By the order of the first span of each value.
fn split<'a>(of: &'a Expression, tree: &'a Tree<'a>, given: &Spanset<'a>) -> Vec<Spanset<'a>> {
    let label = format!("by({of})");
    let mut keyed: Vec<(Value<'a>, usize)> = given
        .spans
        .iter()
        .map(|&place| (value(of, tree, place), place))
        .collect();
    // Texts of values of different types are the same at most where they can't be told apart by reading.
    keyed.sort_by_cached_key(|(value, place)| (value.to_string(), *place));
    let mut parts: Vec<Spanset<'a>> = keyed
        .chunk_by(|a, b| a.0 == b.0)
        .map(|same| Spanset {
            spans: same.iter().map(|(_, place)| *place).collect(),
            values: [&given.values[..], &[(label.clone(), same[0].0.clone())]].concat(),
        })
        .collect();
    parts.sort_by_key(|part| part.spans.first().copied());
    parts
}

// === spansets ===

fn found<'a>(of: &'a Spansets, tree: &'a Tree<'a>, given: &[usize]) -> Vec<usize> {
    match of {
        Spansets::Spans(None) => given.to_vec(),
        Spansets::Spans(Some(expression)) => {
            let is_wanted = |place: &usize| value(expression, tree, *place).is_true();
            given.iter().copied().filter(is_wanted).collect()
        }
        Spansets::Pipeline(pipeline) => {
            let given = Spanset {
                spans: given.to_vec(),
                values: Vec::new(),
            };
            joined(run(pipeline, tree, vec![given])).spans
        }
        Spansets::Combined { how, sides } => {
            let left = found(&sides.0, tree, given);
            let right = found(&sides.1, tree, given);
            combined(*how, tree, left, right)
        }
    }
}

fn combined(how: Combine, tree: &Tree<'_>, left: Vec<usize>, right: Vec<usize>) -> Vec<usize> {
    let both = |left: Vec<usize>, right: Vec<usize>| sorted([left, right].concat());
    match how {
        Combine::And if left.is_empty() || right.is_empty() => Vec::new(),
        Combine::And | Combine::Or => both(left, right),
        Combine::Structural { relation, keep } => {
            let related = standing(relation, tree, &left);
            let is_kept = |place: &usize| related[*place] != (keep == Keep::Without);
            let kept: Vec<usize> = right.iter().copied().filter(is_kept).collect();
            if keep != Keep::Both {
                return kept;
            }
            let related = standing(relation.reversed(), tree, &right);
            both(
                left.into_iter().filter(|place| related[*place]).collect(),
                kept,
            )
        }
    }
}

/// Of every span, whether it stands so to one of these: in one walk over the tree.
fn standing(relation: Relation, tree: &Tree<'_>, to: &[usize]) -> Vec<bool> {
    let mut is_in = vec![false; tree.len()];
    to.iter().for_each(|&place| is_in[place] = true);
    let mut stands = vec![false; tree.len()];
    match relation {
        Relation::Child => {
            for (place, stands) in stands.iter_mut().enumerate() {
                *stands = tree.parent(place).is_some_and(|parent| is_in[parent]);
            }
        }
        Relation::Descendant => {
            // Parents come before their children.
            for place in 0..tree.len() {
                let parent = tree.parent(place);
                stands[place] = parent.is_some_and(|parent| is_in[parent] || stands[parent]);
            }
        }
        Relation::Parent => {
            for &place in to {
                if let Some(parent) = tree.parent(place) {
                    stands[parent] = true;
                }
            }
        }
        Relation::Ancestor => {
            for place in (0..tree.len()).rev() {
                if let Some(parent) = tree.parent(place) {
                    stands[parent] |= is_in[place] || stands[place];
                }
            }
        }
        Relation::Sibling => {
            let mut below = vec![0_u32; tree.len()];
            let parents = to.iter().filter_map(|&place| tree.parent(place));
            parents.for_each(|parent| below[parent] += 1);
            for (place, stands) in stands.iter_mut().enumerate() {
                let beside = tree.parent(place).map_or(0, |parent| below[parent]);
                *stands = beside > u32::from(is_in[place]);
            }
        }
    }
    stands
}

fn sorted(mut spans: Vec<usize>) -> Vec<usize> {
    spans.sort_unstable();
    spans.dedup();
    spans
}

// === impl Relation ===

impl Relation {
    const fn reversed(self) -> Self {
        match self {
            Self::Child => Self::Parent,
            Self::Parent => Self::Child,
            Self::Descendant => Self::Ancestor,
            Self::Ancestor => Self::Descendant,
            Self::Sibling => Self::Sibling,
        }
    }
}

// === figures of a spanset ===

fn filtered<'a>(filter: &'a Filter, tree: &'a Tree<'a>, given: Spanset<'a>) -> Option<Spanset<'a>> {
    let mut told = Vec::new();
    let left = figure(&filter.left, tree, &given, &mut told);
    let right = figure(&filter.right, tree, &given, &mut told);
    if !holds(filter.operator, &left, &right) {
        return None;
    }
    let mut given = given;
    for (words, value) in told {
        if !given.values.iter().any(|(known, _)| *known == words) {
            given.values.push((words, value));
        }
    }
    Some(given)
}

/// A figure, and those of which it was computed.
fn figure<'a>(
    of: &'a Scalar,
    tree: &'a Tree<'a>,
    given: &Spanset<'a>,
    told: &mut Vec<(String, Value<'a>)>,
) -> Value<'a> {
    match of {
        Scalar::Constant(value) => value.borrowed(),
        Scalar::Aggregate(aggregate) => {
            let figure = aggregated(aggregate, tree, &given.spans);
            told.push((aggregate.to_string(), figure.clone()));
            figure
        }
        Scalar::Of(inner) => {
            let (pipeline, aggregate) = inner.as_ref();
            let spans = joined(run(pipeline, tree, vec![given.clone()])).spans;
            let figure = aggregated(aggregate, tree, &spans);
            told.push((of.to_string(), figure.clone()));
            figure
        }
        Scalar::Computed { operator, sides } => {
            let left = figure(&sides.0, tree, given, told);
            let right = figure(&sides.1, tree, given, told);
            computed(*operator, &left, &right)
        }
    }
}

fn aggregated<'a>(aggregate: &'a Aggregate, tree: &'a Tree<'a>, spans: &[usize]) -> Value<'a> {
    let Some(of) = &aggregate.of else {
        return Value::Int(i64::try_from(spans.len()).unwrap_or(i64::MAX));
    };
    let mut numbers: Vec<Value<'a>> = Vec::new();
    for &place in spans {
        let value = value(of, tree, place);
        numbers.extend(
            value
                .each()
                .iter()
                .filter(|one| one.number().is_some())
                .cloned(),
        );
    }
    let by_size = |a: &&Value<'a>, b: &&Value<'a>| a.compare(b).unwrap_or(Ordering::Equal);
    let extreme = match aggregate.function {
        Function::Min => numbers.iter().min_by(by_size),
        Function::Max => numbers.iter().max_by(by_size),
        _ => None,
    };
    if numbers.is_empty() || extreme.is_some() {
        return extreme.cloned().unwrap_or(Value::Nil);
    }
    let count = numbers.len();
    let is_duration = numbers
        .iter()
        .all(|value| matches!(value, Value::Duration(_)));
    let sum = numbers
        .into_iter()
        .reduce(|sum, next| computed(Operator::Add, &sum, &next));
    let sum = sum.unwrap_or(Value::Nil);
    match (aggregate.function, sum.number()) {
        (Function::Avg, Some(sum)) if is_duration => {
            Value::Duration((sum / count as f64).round() as i64)
        }
        (Function::Avg, Some(sum)) => Value::Float(sum / count as f64),
        _ => sum,
    }
}

// === values of a span ===

fn value<'a>(expression: &'a Expression, tree: &'a Tree<'a>, place: usize) -> Value<'a> {
    match expression {
        Expression::Constant(value, _) => value.borrowed(),
        Expression::Field(field, _) => tree.value(place, field),
        Expression::Unary { operator, of, .. } => match (operator, value(of, tree, place)) {
            (Operator::Not, Value::Bool(is_true)) => Value::Bool(!is_true),
            (Operator::Not, _) => Value::Nil,
            (_, number) => computed(Operator::Subtract, &Value::Int(0), &number),
        },
        Expression::Matches {
            of,
            pattern,
            is_negated,
            ..
        } => {
            let value = value(of, tree, place);
            let matches = |one: &Value<'_>| matches!(one, Value::Text(text) if pattern.compiled.is_match(text));
            let has_text = value.each().iter().any(|one| matches!(one, Value::Text(_)));
            Value::Bool(has_text && value.each().iter().any(matches) != *is_negated)
        }
        Expression::Logic { operator, of, .. } => {
            let is_true = |one: &'a Expression| value(one, tree, place).is_true();
            Value::Bool(match operator {
                Operator::And => of.iter().all(is_true),
                _ => of.iter().any(is_true),
            })
        }
        Expression::Binary {
            operator, sides, ..
        } => {
            let left = value(&sides.0, tree, place);
            let right = value(&sides.1, tree, place);
            match operator.is_comparison() {
                false => computed(*operator, &left, &right),
                true if is_nil(&sides.0) || is_nil(&sides.1) => {
                    Value::Bool((left == right) == (*operator == Operator::Equal))
                }
                true => Value::Bool(holds(*operator, &left, &right)),
            }
        }
    }
}

fn is_nil(expression: &Expression) -> bool {
    matches!(expression, Expression::Constant(Value::Nil, _))
}

/// A comparison. Of several values one is enough; but `!=` means that none is equal. Of what is not there nothing holds.
fn holds(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> bool {
    let any = |wanted: fn(Ordering) -> bool| {
        let holds = |a: &Value<'_>, b: &Value<'_>| a.compare(b).is_some_and(wanted);
        left.each()
            .iter()
            .any(|a| right.each().iter().any(|b| holds(a, b)))
    };
    match operator {
        Operator::Equal => any(Ordering::is_eq),
        Operator::NotEqual => {
            let are_there = !left.each().is_empty() && !right.each().is_empty();
            are_there && !any(Ordering::is_eq)
        }
        Operator::Less => any(Ordering::is_lt),
        Operator::LessOrEqual => any(Ordering::is_le),
        Operator::Greater => any(Ordering::is_gt),
        Operator::GreaterOrEqual => any(Ordering::is_ge),
        _ => false,
    }
}

/// Arithmetic; nil where a side is no number, or the result is none.
fn computed(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Value<'static> {
    let (Some(a), Some(b)) = (left.number(), right.number()) else {
        return Value::Nil;
    };
    let (is_duration, other) = (
        matches!(left, Value::Duration(_)),
        matches!(right, Value::Duration(_)),
    );
    let gives_duration = match operator {
        Operator::Multiply => is_duration != other,
        Operator::Divide => is_duration && !other,
        Operator::Power => false,
        _ => is_duration || other,
    };
    if let (Some(a), Some(b)) = (exact(left), exact(right))
        && let Some(whole) = exactly(operator, a, b)
    {
        return match gives_duration {
            true => Value::Duration(whole),
            false => Value::Int(whole),
        };
    }
    let result = match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Modulo => a % b,
        Operator::Power => a.powf(b),
        _ => f64::NAN,
    };
    match () {
        () if !result.is_finite() => Value::Nil,
        () if gives_duration => Value::Duration(result.round() as i64),
        () => Value::Float(result),
    }
}

fn exact(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) | Value::Duration(number) => Some(*number),
        _ => None,
    }
}

/// Where whole numbers give a whole number that fits.
fn exactly(operator: Operator, a: i64, b: i64) -> Option<i64> {
    match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide if a.checked_rem(b) == Some(0) => a.checked_div(b),
        Operator::Modulo => a.checked_rem(b),
        Operator::Power => a.checked_pow(u32::try_from(b).ok()?),
        _ => None,
    }
}
