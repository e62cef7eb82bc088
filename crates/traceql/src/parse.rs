//! From tokens to syntax: by descent, and operators by how tightly they bind.

use std::ops::Range;

use regex::RegexBuilder;

use crate::error::SyntaxError;
use crate::field::{Field, Intrinsic};
use crate::syntax::{
    Aggregate, Combine, Expression, Filter, Function, Operator, Pattern, Pipeline, Place, Query,
    Scalar, Spansets, Stage,
};
use crate::token::{Kind, Token, tokens};
use crate::value::{Value, constant_names};
use crate::{MAX_DEPTH, MAX_TEXT};

/// Bytes of a compiled pattern.
const MAX_PATTERN: usize = 1 << 20;
/// Of Tempo's language, for another kind of question.
const METRICS: [&str; 12] = [
    "rate",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "sum_over_time",
    "quantile_over_time",
    "histogram_over_time",
    "compare",
    "topk",
    "bottomk",
    "increase",
];

pub(crate) fn query(text: &str) -> Result<Query, SyntaxError> {
    if text.len() > MAX_TEXT {
        let at = (0..=MAX_TEXT).rev().find(|&at| text.is_char_boundary(at));
        let at = at.unwrap_or_default();
        let message = format!("a query has at most {MAX_TEXT} bytes");
        return Err(SyntaxError::new(at..at, message));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.len(),
        nesting: 0,
    };
    if parser.tokens.is_empty() {
        let message = "a query is missing, such as { status = error } or {} for all spans";
        return Err(SyntaxError::new(0..0, message));
    }
    let pipeline = parser.pipeline()?;
    let hints = parser.hints()?;
    if parser.peek().is_some() {
        return Err(parser.unexpected("`|` and a further step, or the end"));
    }
    Ok(Query {
        pipeline: parser.whole(pipeline)?,
        hints,
    })
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    /// Of the text.
    end: usize,
    nesting: usize,
}

/// Steps, of which the last may be a value that is not compared yet.
struct Steps {
    stages: Vec<Stage>,
    depth: usize,
    /// With its place.
    value: Option<(Scalar, Range<usize>)>,
}

enum Step {
    Stage(Stage),
    Value(Scalar, Range<usize>),
}

enum Operand {
    Spansets(Spansets),
    Scalar(Scalar),
}

/// Syntax and how deep it is.
struct Deep<T> {
    item: T,
    depth: usize,
}

// === impl Parser: steps ===

impl Parser {
    fn pipeline(&mut self) -> Result<Steps, SyntaxError> {
        let mut steps = Steps {
            stages: Vec::new(),
            depth: 0,
            value: None,
        };
        loop {
            let step = self.step()?;
            steps.depth = steps.depth.max(step.depth);
            match step.item {
                Step::Stage(stage) => steps.stages.push(stage),
                Step::Value(scalar, at) => steps.value = Some((scalar, at)),
            }
            if steps.value.is_some() || !self.takes("|") {
                return Ok(steps);
            }
        }
    }

    /// Steps that may not end in a value.
    fn whole(&self, steps: Steps) -> Result<Pipeline, SyntaxError> {
        match steps.value {
            None => Ok(Pipeline {
                stages: steps.stages,
            }),
            Some((_, at)) => Err(SyntaxError::new(
                at.end..at.end,
                "a comparison is missing, such as `> 2`",
            )),
        }
    }

    fn step(&mut self) -> Result<Deep<Step>, SyntaxError> {
        match self.word() {
            Some("by") => {
                self.next += 1;
                self.expect("(")?;
                let of = self.expression()?;
                self.expect(")")?;
                Ok(flat(Step::Stage(Stage::By(of))))
            }
            Some("coalesce") => {
                self.next += 1;
                self.expect("(")?;
                self.expect(")")?;
                Ok(flat(Step::Stage(Stage::Coalesce)))
            }
            Some("select") => {
                self.next += 1;
                self.selected().map(|stage| flat(Step::Stage(stage)))
            }
            _ => self.compared(),
        }
    }

    fn selected(&mut self) -> Result<Stage, SyntaxError> {
        self.expect("(")?;
        let mut fields = Vec::new();
        loop {
            fields.push(self.field()?);
            if !self.takes(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(Stage::Select(fields))
    }

    /// Spansets, or values and their comparison.
    fn compared(&mut self) -> Result<Deep<Step>, SyntaxError> {
        let start = self.place().start;
        let Deep { item, depth } = self.combined(0)?;
        let left = match item {
            Operand::Spansets(spansets) => {
                let item = Step::Stage(Stage::Spansets(spansets));
                return Ok(Deep { item, depth });
            }
            Operand::Scalar(scalar) => scalar,
        };
        let at = start..self.before();
        let place = self.place();
        let Some(operator) = self.operator().filter(|operator| operator.is_comparison()) else {
            let item = Step::Value(left, at);
            return Ok(Deep { item, depth });
        };
        self.next += 1;
        let beyond = self.place();
        let right = self.combined(0)?;
        let Operand::Scalar(compared_with) = right.item else {
            let message = "a value of spansets is compared with a value, such as 2";
            return Err(SyntaxError::new(beyond, message));
        };
        let item = Step::Stage(Stage::Filter(Filter {
            left,
            operator,
            right: compared_with,
            at: Place(place),
        }));
        let depth = depth.max(right.depth);
        Ok(Deep { item, depth })
    }

    /// Operands and what joins them, if it binds more tightly than `least`.
    fn combined(&mut self, least: u8) -> Result<Deep<Operand>, SyntaxError> {
        let mut left = self.operand()?;
        loop {
            let place = self.place();
            left = match left.item {
                Operand::Spansets(spansets) => {
                    let Some(how) = self
                        .symbol()
                        .and_then(Combine::by)
                        .filter(|how| how.binding() > least)
                    else {
                        return Ok(Deep {
                            item: Operand::Spansets(spansets),
                            ..left
                        });
                    };
                    self.next += 1;
                    let beyond = self.place();
                    let right = self.combined(how.binding())?;
                    let Operand::Spansets(other) = right.item else {
                        let message = format!(
                            "`{}` joins spansets: {{ ... }} is missing behind it",
                            how.symbol()
                        );
                        return Err(SyntaxError::new(beyond, message));
                    };
                    let item = Operand::Spansets(Spansets::Combined {
                        how,
                        sides: Box::new((spansets, other)),
                    });
                    deeper(item, left.depth.max(right.depth), place)?
                }
                Operand::Scalar(scalar) => {
                    let is_wanted = |operator: &Operator| {
                        operator.binding() > least
                            && !operator.is_comparison()
                            && !operator.is_logic()
                    };
                    let Some(operator) = self.operator().filter(is_wanted) else {
                        return Ok(Deep {
                            item: Operand::Scalar(scalar),
                            ..left
                        });
                    };
                    self.next += 1;
                    let beyond = self.place();
                    let right = self.combined(right_binding(operator))?;
                    let Operand::Scalar(other) = right.item else {
                        let message = format!(
                            "`{}` computes with values, not with spansets",
                            operator.symbol()
                        );
                        return Err(SyntaxError::new(beyond, message));
                    };
                    let item = Operand::Scalar(Scalar::Computed {
                        operator,
                        sides: Box::new((scalar, other)),
                    });
                    deeper(item, left.depth.max(right.depth), place)?
                }
            };
        }
    }

    fn operand(&mut self) -> Result<Deep<Operand>, SyntaxError> {
        match self.peek().map(|token| token.kind.clone()) {
            Some(Kind::Symbol("{")) => {
                self.next += 1;
                if self.takes("}") {
                    return Ok(flat(Operand::Spansets(Spansets::Spans(None))));
                }
                let expression = self.expression()?;
                self.expect("}")?;
                Ok(flat(Operand::Spansets(Spansets::Spans(Some(expression)))))
            }
            Some(Kind::Symbol("(")) => self.nested(Self::in_parentheses),
            Some(Kind::Symbol("-")) => {
                self.next += 1;
                match self.peek().map(|token| token.kind.clone()) {
                    Some(Kind::Constant(value)) if negated(&value).is_some() => {
                        self.next += 1;
                        let value = negated(&value).unwrap_or(value);
                        Ok(flat(Operand::Scalar(Scalar::Constant(value))))
                    }
                    _ => Err(self.unexpected("a number")),
                }
            }
            Some(Kind::Constant(value)) => {
                self.next += 1;
                Ok(flat(Operand::Scalar(Scalar::Constant(value))))
            }
            Some(Kind::Word(word)) => match Function::ALL.iter().find(|(_, name)| **name == *word) {
                Some((function, _)) => {
                    self.next += 1;
                    Ok(flat(Operand::Scalar(Scalar::Aggregate(self.aggregate(*function)?))))
                }
                None => Err(self.unknown_step(&word)),
            },
            _ => Err(self.unexpected("{ ... }, ( ... ), count(), avg(), min(), max(), sum(), by(), select() or coalesce()")),
        }
    }

    fn in_parentheses(&mut self) -> Result<Deep<Operand>, SyntaxError> {
        self.expect("(")?;
        let at = self.before();
        let Steps {
            mut stages,
            depth,
            value,
        } = self.pipeline()?;
        let item = match value {
            Some((scalar, _)) if stages.is_empty() => Operand::Scalar(scalar),
            Some((Scalar::Aggregate(aggregate), _)) => {
                Operand::Scalar(Scalar::Of(Box::new((Pipeline { stages }, aggregate))))
            }
            Some((_, at)) => {
                let message = "a pipeline in parentheses ends in one of count(), avg(), min(), max() and sum()";
                return Err(SyntaxError::new(at, message));
            }
            None if stages.len() == 1 && matches!(stages[0], Stage::Spansets(_)) => {
                match stages.pop() {
                    Some(Stage::Spansets(spansets)) => Operand::Spansets(spansets),
                    _ => return Err(self.unexpected("spansets")),
                }
            }
            None => Operand::Spansets(Spansets::Pipeline(Pipeline { stages })),
        };
        self.expect(")")?;
        deeper(item, depth, at..at)
    }

    /// Its arguments, in parentheses.
    fn aggregate(&mut self, function: Function) -> Result<Aggregate, SyntaxError> {
        self.expect("(")?;
        let of = match function {
            Function::Count => None,
            _ => Some(self.expression()?),
        };
        self.expect(")")?;
        Ok(Aggregate { function, of })
    }

    /// `with (name = value, ...)`, at the end.
    fn hints(&mut self) -> Result<Vec<(String, Value<'static>)>, SyntaxError> {
        let mut hints = Vec::new();
        if self.word() != Some("with") {
            return Ok(hints);
        }
        self.next += 1;
        self.expect("(")?;
        loop {
            let Some(name) = self.word().map(str::to_owned) else {
                return Err(self.unexpected("a hint's name"));
            };
            self.next += 1;
            self.expect("=")?;
            let Some(Kind::Constant(value)) = self.peek().map(|token| token.kind.clone()) else {
                return Err(self.unexpected("a constant"));
            };
            self.next += 1;
            hints.push((name, value));
            if !self.takes(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(hints)
    }

    fn unknown_step(&self, word: &str) -> SyntaxError {
        let message = match METRICS.contains(&word) {
            true => format!(
                "{word}() makes figures over time; a search finds spans, and ends before it"
            ),
            false => format!(
                "`{word}` is no step: {{ ... }}, count(), avg(), min(), max(), sum(), by(), select() and coalesce() are"
            ),
        };
        SyntaxError::new(self.place(), message)
    }
}

// === impl Parser: expressions of one span ===

impl Parser {
    fn expression(&mut self) -> Result<Expression, SyntaxError> {
        Ok(self.nested(|parser| parser.binary(0))?.item)
    }

    fn binary(&mut self, least: u8) -> Result<Deep<Expression>, SyntaxError> {
        let mut left = self.unary()?;
        loop {
            let at = self.place();
            if let Some(symbol @ ("=~" | "!~")) = self.symbol() {
                let is_negated = symbol == "!~";
                if Operator::Equal.binding() <= least {
                    return Ok(left);
                }
                self.next += 1;
                left = self.matches(left, is_negated, at)?;
                continue;
            }
            let Some(operator) = self
                .operator()
                .filter(|operator| operator.binding() > least)
            else {
                return Ok(left);
            };
            self.next += 1;
            let right = self.binary(right_binding(operator))?;
            if operator.is_logic() {
                left = logic(operator, left, right, at)?;
                continue;
            }
            let depth = left.depth.max(right.depth);
            let item = Expression::Binary {
                operator,
                sides: Box::new((left.item, right.item)),
                at: Place(at.clone()),
            };
            left = deeper(item, depth, at)?;
        }
    }

    fn matches(
        &mut self,
        of: Deep<Expression>,
        is_negated: bool,
        at: Range<usize>,
    ) -> Result<Deep<Expression>, SyntaxError> {
        let place = self.place();
        let Some(Kind::Constant(Value::Text(written))) =
            self.peek().map(|token| token.kind.clone())
        else {
            return Err(self.unexpected("a pattern in quotes"));
        };
        self.next += 1;
        let compiled = RegexBuilder::new(&format!("^(?:{written})$"))
            .dot_matches_new_line(true)
            .size_limit(MAX_PATTERN)
            .build()
            .map_err(|error| SyntaxError::new(place, told(&error)))?;
        let item = Expression::Matches {
            of: Box::new(of.item),
            pattern: Pattern {
                written: written.into_owned(),
                compiled,
            },
            is_negated,
            at: Place(at.clone()),
        };
        deeper(item, of.depth, at)
    }

    fn unary(&mut self) -> Result<Deep<Expression>, SyntaxError> {
        let operator = match self.symbol() {
            Some("!") => Operator::Not,
            Some("-") => Operator::Subtract,
            _ => return self.primary(),
        };
        let at = self.place();
        self.next += 1;
        let of = self.nested(|parser| match operator {
            // Binds less tightly than products do, as in Tempo.
            Operator::Not => parser.binary(Operator::Add.binding()),
            _ => parser.binary(Operator::Multiply.binding()),
        })?;
        if let (Operator::Subtract, Expression::Constant(value, place)) = (operator, &of.item)
            && let Some(value) = negated(value)
        {
            return Ok(Deep {
                item: Expression::Constant(value, Place(at.start..place.0.end)),
                depth: of.depth,
            });
        }
        let item = Expression::Unary {
            operator,
            of: Box::new(of.item),
            at: Place(at.clone()),
        };
        deeper(item, of.depth, at)
    }

    fn primary(&mut self) -> Result<Deep<Expression>, SyntaxError> {
        if self.symbol() == Some("(") {
            self.next += 1;
            let inner = self.nested(|parser| parser.binary(0))?;
            self.expect(")")?;
            return Ok(inner);
        }
        let at = Place(self.place());
        let item = match self.peek().map(|token| token.kind.clone()) {
            Some(Kind::Constant(value)) => Expression::Constant(value, at),
            Some(Kind::Field(field)) => Expression::Field(field, at),
            Some(Kind::Word(word)) => return Err(self.unknown_field(&word)),
            _ => {
                return Err(
                    self.unexpected("a field, such as .http.route or duration, or a constant")
                );
            }
        };
        self.next += 1;
        Ok(flat(item))
    }

    fn field(&mut self) -> Result<Field, SyntaxError> {
        match self.peek().map(|token| token.kind.clone()) {
            Some(Kind::Field(field)) => {
                self.next += 1;
                Ok(field)
            }
            Some(Kind::Word(word)) => Err(self.unknown_field(&word)),
            _ => Err(self.unexpected("a field, such as .http.route or duration")),
        }
    }

    fn unknown_field(&self, word: &str) -> SyntaxError {
        let at = self.place();
        let behind = self
            .tokens
            .get(self.next + 1)
            .filter(|token| token.at.start == at.end);
        if let Some(Kind::Field(field @ Field::Attribute { .. })) = behind.map(|token| &token.kind)
        {
            return SyntaxError::new(
                at,
                format!("`{word}` is no scope; an attribute by its whole name is `.{word}{field}`"),
            );
        }
        let near = Intrinsic::names()
            .chain(constant_names())
            .map(|name| (distance(word, name), name))
            .filter(|(distance, _)| *distance <= word.len() / 3)
            .min();
        let advice = near.map_or_else(
            || {
                format!(
                    "attributes begin with a point: `.{word}`; text stands in quotes: \"{word}\""
                )
            },
            |(_, name)| format!("`{name}` is"),
        );
        SyntaxError::new(
            at,
            format!("`{word}` is no field and no constant; {advice}"),
        )
    }
}

// === impl Parser: tokens ===

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn symbol(&self) -> Option<&'static str> {
        match self.peek()?.kind {
            Kind::Symbol(symbol) => Some(symbol),
            _ => None,
        }
    }

    fn operator(&self) -> Option<Operator> {
        self.symbol().and_then(Operator::between)
    }

    fn word(&self) -> Option<&str> {
        match &self.peek()?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Goes on if this is next.
    fn takes(&mut self, wanted: &str) -> bool {
        let is_next = self.symbol() == Some(wanted);
        self.next += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, wanted: &str) -> Result<(), SyntaxError> {
        match self.takes(wanted) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{wanted}`"))),
        }
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let message = match self.peek() {
            Some(_) => format!("here comes {wanted}"),
            None => format!("something is missing: {wanted}"),
        };
        SyntaxError::new(self.place(), message)
    }

    /// Of the next token.
    fn place(&self) -> Range<usize> {
        self.peek()
            .map_or(self.end..self.end, |token| token.at.clone())
    }

    /// Where the last token ended.
    fn before(&self) -> usize {
        let last = self
            .next
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last));
        last.map_or(0, |token| token.at.end)
    }

    /// Goes one deeper, if that is allowed.
    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.nesting == MAX_DEPTH {
            return Err(too_deep(self.place()));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }
}

fn flat<T>(item: T) -> Deep<T> {
    Deep { item, depth: 1 }
}

/// One more level around something.
fn deeper<T>(item: T, depth: usize, at: Range<usize>) -> Result<Deep<T>, SyntaxError> {
    match depth < MAX_DEPTH {
        true => Ok(Deep {
            item,
            depth: depth + 1,
        }),
        false => Err(too_deep(at)),
    }
}

/// A chain of one operator is one level, however long: many values of a field may be written so.
fn logic(
    operator: Operator,
    left: Deep<Expression>,
    right: Deep<Expression>,
    place: Range<usize>,
) -> Result<Deep<Expression>, SyntaxError> {
    let (mut of, depth, at) = match left.item {
        Expression::Logic {
            operator: same,
            of,
            at,
        } if same == operator => (of, left.depth - 1, at),
        item => (vec![item], left.depth, Place(place.clone())),
    };
    of.push(right.item);
    deeper(
        Expression::Logic { operator, of, at },
        depth.max(right.depth),
        place,
    )
}

fn too_deep(at: Range<usize>) -> SyntaxError {
    let message = format!("this nests more than {MAX_DEPTH} levels");
    SyntaxError::new(at, message)
}

/// What must bind more tightly on the right; powers are computed from the right.
fn right_binding(operator: Operator) -> u8 {
    match operator {
        Operator::Power => operator.binding() - 1,
        _ => operator.binding(),
    }
}

fn negated(value: &Value<'static>) -> Option<Value<'static>> {
    match value {
        Value::Int(number) => number.checked_neg().map(Value::Int),
        Value::Float(number) => Some(Value::Float(-number)),
        Value::Duration(nanos) => nanos.checked_neg().map(Value::Duration),
        _ => None,
    }
}

/// The last line says what is wrong; those before draw the pattern.
fn told(error: &regex::Error) -> String {
    let whole = error.to_string();
    let last = whole.lines().last().unwrap_or_default();
    format!(
        "this is no pattern: {}",
        last.strip_prefix("error: ").unwrap_or(last)
    )
}

/// How many letters two words differ by: Levenshtein's distance, of short words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(32).collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(!from.eq_ignore_ascii_case(to));
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
