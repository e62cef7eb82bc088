//! Refuses what could never be true, or never be computed: each side of an operator must fit it.

use crate::error::SyntaxError;
use crate::syntax::{
    Aggregate, Expression, Filter, Function, Operator, Pipeline, Query, Scalar, Spansets, Stage,
};
use crate::value::Type;

pub(crate) fn query(query: &Query) -> Result<(), SyntaxError> {
    pipeline(&query.pipeline)
}

fn pipeline(pipeline: &Pipeline) -> Result<(), SyntaxError> {
    pipeline.stages.iter().try_for_each(|stage| match stage {
        Stage::Spansets(of) => spansets(of),
        Stage::Filter(of) => filter(of),
        Stage::By(of) => grouping(of),
        Stage::Coalesce | Stage::Select(_) => Ok(()),
    })
}

fn spansets(of: &Spansets) -> Result<(), SyntaxError> {
    match of {
        Spansets::Spans(None) => Ok(()),
        Spansets::Spans(Some(expression)) => {
            let message =
                "spans are found by something that is true or false, such as `.http.route = \"/\"`";
            wanted(expression, Type::Bool, message)
        }
        Spansets::Combined { sides, .. } => {
            spansets(&sides.0)?;
            spansets(&sides.1)
        }
        Spansets::Pipeline(inner) => pipeline(inner),
    }
}

fn grouping(of: &Expression) -> Result<(), SyntaxError> {
    type_of(of)?;
    match of {
        Expression::Constant(..) => {
            let message = "by() splits by something of a span, such as `resource.service.name`";
            Err(SyntaxError::new(of.place(), message))
        }
        _ => Ok(()),
    }
}

fn filter(filter: &Filter) -> Result<(), SyntaxError> {
    let at = &filter.at.0;
    let is_constant = [&filter.left, &filter.right].map(|side| scalar(side, filter));
    match is_constant {
        [Ok(true), Ok(true)] => {
            let message = "both sides are the same for all spansets: count(), avg(), min(), max() or sum() is missing";
            Err(SyntaxError::new(at.clone(), message))
        }
        [Err(error), _] | [_, Err(error)] => Err(error),
        _ => Ok(()),
    }
}

/// Whether it is the same for all.
fn scalar(of: &Scalar, within: &Filter) -> Result<bool, SyntaxError> {
    match of {
        Scalar::Constant(value) if value.type_() == Type::Number => Ok(true),
        Scalar::Constant(value) => {
            let message = format!("{value} is no number, and a figure of spansets is one");
            Err(SyntaxError::new(within.at.0.clone(), message))
        }
        Scalar::Aggregate(of) => aggregate(of).map(|()| false),
        Scalar::Of(inner) => {
            pipeline(&inner.0)?;
            aggregate(&inner.1).map(|()| false)
        }
        Scalar::Computed { sides, .. } => Ok(scalar(&sides.0, within)? & scalar(&sides.1, within)?),
    }
}

fn aggregate(aggregate: &Aggregate) -> Result<(), SyntaxError> {
    let Some(of) = &aggregate.of else {
        return Ok(());
    };
    let found = Function::ALL
        .iter()
        .find(|(function, _)| *function == aggregate.function);
    let name = found.map_or("", |(_, name)| name);
    wanted(
        of,
        Type::Number,
        &format!("{name}() takes a number or a duration"),
    )
}

fn wanted(expression: &Expression, wanted: Type, message: &str) -> Result<(), SyntaxError> {
    let found = type_of(expression)?;
    match found == wanted || found == Type::Any {
        true => Ok(()),
        false => Err(SyntaxError::new(expression.place(), message)),
    }
}

fn type_of(expression: &Expression) -> Result<Type, SyntaxError> {
    match expression {
        Expression::Constant(value, _) => Ok(value.type_()),
        Expression::Field(field, _) => Ok(field.type_()),
        Expression::Unary {
            operator: Operator::Not,
            of,
            ..
        } => {
            wanted(of, Type::Bool, "`!` turns round what is true or false")?;
            Ok(Type::Bool)
        }
        Expression::Unary { of, .. } => {
            wanted(of, Type::Number, "`-` takes a number or a duration")?;
            Ok(Type::Number)
        }
        Expression::Matches { of, .. } => {
            wanted(of, Type::Text, "a pattern is for text")?;
            Ok(Type::Bool)
        }
        Expression::Logic { operator, of, .. } => {
            let message = format!("`{}` joins what is true or false", operator.symbol());
            of.iter()
                .try_for_each(|one| wanted(one, Type::Bool, &message))?;
            Ok(Type::Bool)
        }
        Expression::Binary {
            operator, sides, ..
        } => {
            let symbol = operator.symbol();
            let (left, right) = (&sides.0, &sides.1);
            if operator.is_comparison() {
                return comparison(expression, *operator, type_of(left)?, type_of(right)?);
            }
            let message = format!("`{symbol}` takes numbers or durations");
            wanted(left, Type::Number, &message)?;
            wanted(right, Type::Number, &message)?;
            Ok(Type::Number)
        }
    }
}

fn comparison(
    expression: &Expression,
    operator: Operator,
    left: Type,
    right: Type,
) -> Result<Type, SyntaxError> {
    let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    let has_nil = left == Type::Nil || right == Type::Nil;
    let fits = left == right || left == Type::Any || right == Type::Any || has_nil;
    let has_order = |type_| matches!(type_, Type::Any | Type::Number | Type::Text);
    let message = match () {
        () if !fits => format!(
            "{} and {} are never equal, and neither is the greater",
            name(left),
            name(right)
        ),
        () if !is_equality && has_nil => "with nil there is = and != only".to_owned(),
        () if is_equality || (has_order(left) && has_order(right)) => return Ok(Type::Bool),
        () => {
            let without = if has_order(left) { right } else { left };
            format!("{} has no order: there is = and != only", name(without))
        }
    };
    Err(SyntaxError::new(expression.place(), message))
}

fn name(type_: Type) -> &'static str {
    match type_ {
        Type::Any => "an attribute",
        Type::Nil => "nil",
        Type::Bool => "what is true or false",
        Type::Number => "a number",
        Type::Text => "text",
        Type::Status => "a status",
        Type::Kind => "a kind",
    }
}
