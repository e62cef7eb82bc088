//! From a query to what columns can tell of it: a filter that every trace passes which the query matches.

use coldtrace_model::StatusCode;
use coldtrace_store::reader::{Between, SpanFilter, ValueFilter, Within};
use coldtrace_traceql::{
    Combine, Expression, Field, Intrinsic, Keep, Operator, Pipeline, Query, Scope, Spansets, Stage,
    Value,
};

/// What one span of every trace is like that the query matches.
pub(super) fn needed(query: &Query) -> SpanFilter {
    of_pipeline(&query.pipeline)
}

/// Later steps only take away.
fn of_pipeline(pipeline: &Pipeline) -> SpanFilter {
    match pipeline.stages.first() {
        Some(Stage::Spansets(spansets)) => of_spansets(spansets),
        _ => SpanFilter::Every,
    }
}

fn of_spansets(spansets: &Spansets) -> SpanFilter {
    match spansets {
        Spansets::Spans(None) => SpanFilter::Every,
        Spansets::Spans(Some(expression)) => of_expression(expression),
        Spansets::Pipeline(pipeline) => of_pipeline(pipeline),
        Spansets::Combined { how, sides } => {
            let (left, right) = (of_spansets(&sides.0), of_spansets(&sides.1));
            match how {
                Combine::Or => any(vec![left, right]),
                Combine::Structural {
                    keep: Keep::Without,
                    ..
                } => right,
                // Both sides have a span: the more telling one is enough.
                Combine::And | Combine::Structural { .. } => match weight(&left) > weight(&right) {
                    true => left,
                    false => right,
                },
            }
        }
    }
}

fn of_expression(expression: &Expression) -> SpanFilter {
    match expression {
        Expression::Constant(Value::Bool(false), _) => any(Vec::new()),
        Expression::Field(field, _) => of_field(field, ValueFilter::Any),
        Expression::Logic { operator, of, .. } => {
            let parts = of.iter().map(of_expression).collect();
            match operator {
                Operator::And => all(parts),
                _ => any(parts),
            }
        }
        Expression::Matches { of, .. } => match of.as_ref() {
            Expression::Field(field, _) => of_field(field, ValueFilter::Any),
            _ => SpanFilter::Every,
        },
        Expression::Binary {
            operator, sides, ..
        } => match (&sides.0, &sides.1) {
            (Expression::Field(field, _), Expression::Constant(value, _)) => {
                compared(field, *operator, value)
            }
            (Expression::Constant(value, _), Expression::Field(field, _)) => {
                compared(field, turned(*operator), value)
            }
            _ => SpanFilter::Every,
        },
        Expression::Constant(..) | Expression::Unary { .. } => SpanFilter::Every,
    }
}

/// The same comparison with its sides exchanged.
const fn turned(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        other => other,
    }
}

fn compared(field: &Field, operator: Operator, value: &Value<'_>) -> SpanFilter {
    let is_equal = operator == Operator::Equal;
    match (field, value) {
        (_, Value::Nil) => match operator {
            Operator::NotEqual => of_field(field, ValueFilter::Any),
            _ => SpanFilter::Every,
        },
        (Field::Intrinsic(Intrinsic::Name), Value::Text(text)) if is_equal => {
            SpanFilter::Name(text.to_string())
        }
        (Field::Intrinsic(Intrinsic::Kind), Value::Kind(kind)) if is_equal => {
            SpanFilter::Kind(*kind)
        }
        (Field::Intrinsic(Intrinsic::Status), Value::Status(code)) if is_equal => {
            SpanFilter::Status(*code)
        }
        (Field::Intrinsic(Intrinsic::Status), Value::Status(StatusCode::Unset))
            if operator == Operator::NotEqual =>
        {
            let others = [StatusCode::Ok, StatusCode::Error];
            any(others.map(SpanFilter::Status).to_vec())
        }
        (Field::Intrinsic(Intrinsic::Duration), value) => match between(operator, value) {
            Some(between) => SpanFilter::Duration(between),
            None => SpanFilter::Every,
        },
        (Field::Attribute { .. }, Value::Text(text)) if is_equal => {
            of_field(field, ValueFilter::Text(text.to_string()))
        }
        (Field::Attribute { .. }, value) => match between(operator, value) {
            Some(between) => of_field(field, ValueFilter::Number(between)),
            None => of_field(field, ValueFilter::Any),
        },
        _ => SpanFilter::Every,
    }
}

/// Numbers of which the comparison may be true. Both ends belong to them: large ones are not exact where they are compared.
fn between(operator: Operator, value: &Value<'_>) -> Option<Between> {
    let bound = value.number()?;
    let (least, most) = match operator {
        Operator::Equal => (Some(bound), Some(bound)),
        Operator::Less | Operator::LessOrEqual => (None, Some(bound)),
        Operator::Greater | Operator::GreaterOrEqual => (Some(bound), None),
        _ => return None,
    };
    Some(Between { least, most })
}

/// An attribute with such a value; of what else there is to a span every one has it.
fn of_field(field: &Field, value: ValueFilter) -> SpanFilter {
    let Field::Attribute {
        of_parent: false,
        scope,
        name,
    } = field
    else {
        return SpanFilter::Every;
    };
    let within = match scope {
        Scope::Any | Scope::Event | Scope::Link | Scope::Instrumentation => Within::Anywhere,
        Scope::Span => Within::Span,
        Scope::Resource => Within::Resource,
    };
    match (within, name.as_str(), value) {
        (Within::Resource, "service.name", ValueFilter::Text(service)) => {
            SpanFilter::Service(service)
        }
        (_, _, value) => SpanFilter::Attribute {
            within,
            key: name.clone(),
            value,
        },
    }
}

fn all(parts: Vec<SpanFilter>) -> SpanFilter {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            SpanFilter::Every => {}
            SpanFilter::All(inner) => flat.extend(inner),
            one => flat.push(one),
        }
    }
    match flat.len() {
        0 => SpanFilter::Every,
        1 => flat.remove(0),
        _ => SpanFilter::All(flat),
    }
}

fn any(parts: Vec<SpanFilter>) -> SpanFilter {
    match parts.contains(&SpanFilter::Every) {
        true => SpanFilter::Every,
        false => SpanFilter::Any(parts),
    }
}

/// How few spans are like this, roughly.
fn weight(filter: &SpanFilter) -> u32 {
    match filter {
        SpanFilter::Every => 0,
        SpanFilter::Kind(_) => 1,
        SpanFilter::Duration(_) => 2,
        SpanFilter::Service(_) => 3,
        SpanFilter::Attribute {
            value: ValueFilter::Any,
            ..
        } => 4,
        SpanFilter::Status(_) => 5,
        SpanFilter::Name(_) => 6,
        SpanFilter::Attribute {
            value: ValueFilter::Number(_),
            ..
        } => 7,
        SpanFilter::Attribute { .. } => 20,
        SpanFilter::All(parts) => parts.iter().map(weight).sum(),
        SpanFilter::Any(parts) => parts.iter().map(weight).min().unwrap_or(u32::MAX),
    }
}
