//! What a query is made of.

use std::ops::Range;

use regex::Regex;

use crate::field::Field;
use crate::value::Value;

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Its steps.
    pub pipeline: Pipeline,
    /// `with (name = value, ...)`: advice to whoever runs it; none changes what matches.
    pub hints: Vec<(String, Value<'static>)>,
}

/// Steps, each of which takes the spansets of the one before; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// In order.
    pub stages: Vec<Stage>,
}

/// A step of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Finds spans among those of each spanset.
    Spansets(Spansets),
    /// Keeps spansets by what is computed of them.
    Filter(Filter),
    /// Splits each spanset by a value.
    By(Expression),
    /// Joins all spansets of a trace.
    Coalesce,
    /// Says which values are to be told of each span.
    Select(Vec<Field>),
}

/// Where spans come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Spansets {
    /// `{ ... }`: those of which this is true; none for all.
    Spans(Option<Expression>),
    /// Two, joined.
    Combined {
        /// How.
        how: Combine,
        /// Left and right.
        sides: Box<(Self, Self)>,
    },
    /// A pipeline in parentheses.
    Pipeline(Pipeline),
}

/// How two spansets are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// `&&`: all spans of both, if both have some.
    And,
    /// `||`: all spans of both.
    Or,
    /// By where the spans of the right stand to those of the left.
    Structural {
        /// Where the right one stands.
        relation: Relation,
        /// Which spans are the answer.
        keep: Keep,
    },
}

/// Where a span of the right stands to one of the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `>`: directly below.
    Child,
    /// `>>`: somewhere below.
    Descendant,
    /// `<`: directly above.
    Parent,
    /// `<<`: somewhere above.
    Ancestor,
    /// `~`: beside, below the same parent.
    Sibling,
}

/// Which spans a structural operator gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those of the right that stand so to one of the left.
    Right,
    /// Those of the right that stand so to none of the left: `!>`.
    Without,
    /// Those of both sides that stand so to each other: `&>`.
    Both,
}

/// Keeps spansets of which a comparison is true.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Left of the comparison.
    pub left: Scalar,
    /// A comparison.
    pub operator: Operator,
    /// Right of it.
    pub right: Scalar,
    /// Of the comparison.
    pub at: Place,
}

/// One value of a spanset.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// The same for all.
    Constant(Value<'static>),
    /// Of the spanset as it is.
    Aggregate(Aggregate),
    /// Of what a pipeline in parentheses makes of it.
    Of(Box<(Pipeline, Aggregate)>),
    /// Two, computed.
    Computed {
        /// Arithmetic.
        operator: Operator,
        /// Left and right.
        sides: Box<(Self, Self)>,
    },
}

/// A figure of a spanset.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which.
    pub function: Function,
    /// Of which value of its spans; none to count them.
    pub of: Option<Expression>,
}

/// Which figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// How many spans.
    Count,
    /// The mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// All together.
    Sum,
}

/// Something about a span. Each part knows its place in the text; that of an operation is its operator's.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// The same for all.
    Constant(Value<'static>, Place),
    /// A field.
    Field(Field, Place),
    /// `!` or `-`.
    Unary {
        /// Not, or Subtract.
        operator: Operator,
        /// Of this.
        of: Box<Self>,
        /// Where.
        at: Place,
    },
    /// Whether all (`&&`) or any (`||`) of at least two are true.
    Logic {
        /// And, Or.
        operator: Operator,
        /// In order.
        of: Vec<Self>,
        /// Where.
        at: Place,
    },
    /// Two, with a comparison or arithmetic between.
    Binary {
        /// Which.
        operator: Operator,
        /// Left and right.
        sides: Box<(Self, Self)>,
        /// Where.
        at: Place,
    },
    /// `=~` or `!~`.
    Matches {
        /// Of this text.
        of: Box<Self>,
        /// Which must match the whole text.
        pattern: Pattern,
        /// `!~`
        is_negated: bool,
        /// Where.
        at: Place,
    },
}

/// A pattern in the syntax of the `regex` crate.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was written.
    pub written: String,
    /// Anchored at both ends.
    pub(crate) compiled: Regex,
}

/// A stretch of the text, in bytes. All are equal: where something stood is no part of what it means.
#[derive(Clone, Debug)]
pub struct Place(pub(crate) Range<usize>);

/// Between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!`
    Not,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
}

// === impl Operator ===

/// Every operator but `!` by its symbol and how tightly it binds: Tempo's order, in which `&&` and `||` are equals.
const OPERATORS: [(Operator, &str, u8); 14] = [
    (Operator::And, "&&", 1),
    (Operator::Or, "||", 1),
    (Operator::Equal, "=", 2),
    (Operator::NotEqual, "!=", 2),
    (Operator::Less, "<", 2),
    (Operator::LessOrEqual, "<=", 2),
    (Operator::Greater, ">", 2),
    (Operator::GreaterOrEqual, ">=", 2),
    (Operator::Add, "+", 3),
    (Operator::Subtract, "-", 3),
    (Operator::Multiply, "*", 4),
    (Operator::Divide, "/", 4),
    (Operator::Modulo, "%", 4),
    (Operator::Power, "^", 5),
];

impl Operator {
    /// By its symbol, between two values.
    pub(crate) fn between(symbol: &str) -> Option<Self> {
        let found = OPERATORS.iter().find(|(_, written, _)| *written == symbol);
        found.map(|(operator, _, _)| *operator)
    }

    pub(crate) fn symbol(self) -> &'static str {
        let found = OPERATORS.iter().find(|(operator, _, _)| *operator == self);
        found.map_or("!", |(_, symbol, _)| symbol)
    }

    /// Higher binds more tightly.
    pub(crate) fn binding(self) -> u8 {
        let found = OPERATORS.iter().find(|(operator, _, _)| *operator == self);
        found.map_or(u8::MAX, |(_, _, binding)| *binding)
    }

    pub(crate) fn is_comparison(self) -> bool {
        self.binding() == Self::Equal.binding()
    }

    pub(crate) fn is_logic(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Not)
    }
}

// === impl Combine ===

/// Every combination by its symbol.
const COMBINATIONS: [(&str, Combine); 17] = [
    ("&&", Combine::And),
    ("||", Combine::Or),
    (">", structural(Relation::Child, Keep::Right)),
    (">>", structural(Relation::Descendant, Keep::Right)),
    ("<", structural(Relation::Parent, Keep::Right)),
    ("<<", structural(Relation::Ancestor, Keep::Right)),
    ("~", structural(Relation::Sibling, Keep::Right)),
    ("!>", structural(Relation::Child, Keep::Without)),
    ("!>>", structural(Relation::Descendant, Keep::Without)),
    ("!<", structural(Relation::Parent, Keep::Without)),
    ("!<<", structural(Relation::Ancestor, Keep::Without)),
    ("!~", structural(Relation::Sibling, Keep::Without)),
    ("&>", structural(Relation::Child, Keep::Both)),
    ("&>>", structural(Relation::Descendant, Keep::Both)),
    ("&<", structural(Relation::Parent, Keep::Both)),
    ("&<<", structural(Relation::Ancestor, Keep::Both)),
    ("&~", structural(Relation::Sibling, Keep::Both)),
];

const fn structural(relation: Relation, keep: Keep) -> Combine {
    Combine::Structural { relation, keep }
}

impl Combine {
    pub(crate) fn by(symbol: &str) -> Option<Self> {
        let found = COMBINATIONS.iter().find(|(written, _)| *written == symbol);
        found.map(|(_, how)| *how)
    }

    pub(crate) fn symbols() -> impl Iterator<Item = &'static str> {
        COMBINATIONS.iter().map(|(symbol, _)| *symbol)
    }

    pub(crate) fn symbol(self) -> &'static str {
        let found = COMBINATIONS.iter().find(|(_, how)| *how == self);
        found.map_or("", |(symbol, _)| symbol)
    }

    /// Higher binds more tightly.
    pub(crate) fn binding(self) -> u8 {
        match self {
            Self::And | Self::Or => 1,
            Self::Structural { .. } => 2,
        }
    }
}

// === impl Function ===

impl Function {
    pub(crate) const ALL: [(Self, &'static str); 5] = [
        (Self::Count, "count"),
        (Self::Avg, "avg"),
        (Self::Min, "min"),
        (Self::Max, "max"),
        (Self::Sum, "sum"),
    ];
}

// === impl Expression ===

impl Expression {
    /// Where it stands.
    pub(crate) fn place(&self) -> Range<usize> {
        match self {
            Self::Constant(_, at)
            | Self::Field(_, at)
            | Self::Unary { at, .. }
            | Self::Logic { at, .. }
            | Self::Binary { at, .. }
            | Self::Matches { at, .. } => at.0.clone(),
        }
    }
}

// === impl Pattern ===

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

// === impl Place ===

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
