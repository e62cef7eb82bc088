//! A query as text again: one form for each meaning, with every operation in parentheses.

use std::fmt::{Display, Formatter, Result, Write as _};

use crate::syntax::{
    Aggregate, Expression, Filter, Function, Operator, Pipeline, Query, Scalar, Spansets, Stage,
};
use crate::value::quote;

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", self.pipeline)?;
        if self.hints.is_empty() {
            return Ok(());
        }
        f.write_str(" with (")?;
        listed(f, ", ", self.hints.iter(), |f, (name, value)| {
            write!(f, "{name} = {value}")
        })?;
        f.write_char(')')
    }
}

impl Display for Pipeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (place, stage) in self.stages.iter().enumerate() {
            let before = if place == 0 { "" } else { " | " };
            write!(f, "{before}{stage}")?;
        }
        Ok(())
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Spansets(of) => write!(f, "{of}"),
            Self::Filter(filter) => write!(f, "{filter}"),
            Self::By(of) => write!(f, "by({of})"),
            Self::Coalesce => f.write_str("coalesce()"),
            Self::Select(fields) => {
                f.write_str("select(")?;
                listed(f, ", ", fields.iter(), |f, field| write!(f, "{field}"))?;
                f.write_char(')')
            }
        }
    }
}

impl Display for Spansets {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Spans(None) => f.write_str("{}"),
            Self::Spans(Some(expression)) => write!(f, "{{ {expression} }}"),
            Self::Combined { how, sides } => {
                write!(f, "({} {} {})", sides.0, how.symbol(), sides.1)
            }
            Self::Pipeline(pipeline) => write!(f, "({pipeline})"),
        }
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} {}", self.left, self.operator.symbol(), self.right)
    }
}

impl Display for Scalar {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Constant(value) => write!(f, "{value}"),
            Self::Aggregate(aggregate) => write!(f, "{aggregate}"),
            Self::Of(inner) => write!(f, "({} | {})", inner.0, inner.1),
            Self::Computed { operator, sides } => {
                write!(f, "({} {} {})", sides.0, operator.symbol(), sides.1)
            }
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let found = Function::ALL
            .iter()
            .find(|(function, _)| *function == self.function);
        f.write_str(found.map_or("", |(_, name)| name))?;
        match &self.of {
            Some(of) => write!(f, "({of})"),
            None => f.write_str("()"),
        }
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Constant(value, _) => write!(f, "{value}"),
            Self::Field(field, _) => write!(f, "{field}"),
            Self::Unary { operator, of, .. } => {
                let symbol = if *operator == Operator::Not { "!" } else { "-" };
                write!(f, "{symbol}({of})")
            }
            Self::Logic { operator, of, .. } => {
                let between = format!(" {} ", operator.symbol());
                listed(f, &between, of.iter(), within)
            }
            Self::Binary {
                operator, sides, ..
            } => {
                within(f, &sides.0)?;
                write!(f, " {} ", operator.symbol())?;
                within(f, &sides.1)
            }
            Self::Matches {
                of,
                pattern,
                is_negated,
                ..
            } => {
                within(f, of)?;
                f.write_str(if *is_negated { " !~ " } else { " =~ " })?;
                quote(f, &pattern.written)
            }
        }
    }
}

/// Part of an operation: in parentheses if it is one itself.
fn within(f: &mut Formatter<'_>, part: &Expression) -> Result {
    match part {
        Expression::Logic { .. } | Expression::Binary { .. } | Expression::Matches { .. } => {
            write!(f, "({part})")
        }
        _ => write!(f, "{part}"),
    }
}

fn listed<T>(
    f: &mut Formatter<'_>,
    between: &str,
    items: impl Iterator<Item = T>,
    print: impl Fn(&mut Formatter<'_>, T) -> Result,
) -> Result {
    for (place, item) in items.enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        print(f, item)?;
    }
    Ok(())
}
