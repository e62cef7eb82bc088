//! How long what the spans of a trace did usually takes: told from others like them around that time.
//!
//! Where there are few, it is looked further away, step by step: what is done often is known from minutes, what is done rarely from a
//! day. Each step reads a bounded number of rows, whatever the store holds. The trace's own journey is no measure of itself.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use coldtrace_model::{Nanos, TimeRange, TraceId, UnixNanos};
use coldtrace_store::reader::{
    Beyond, Operation, OperationLengths, OperationLook, Operations, ReadError, Reader,
};

use crate::journey::{Journeys, Limits};

/// Operations that are told, those that took longest.
const MOST: usize = 100;
/// As many spans as these tell what is usual: further away is not looked for more.
const ENOUGH: u64 = 1_000;
/// Fewer tell nothing.
pub(crate) const FEW: u64 = 20;
const MINUTE: u64 = 60_000;
/// How far it is looked before and after the begin of the trace.
const REACHES: [Nanos; 4] = [
    Nanos::from_millis(5 * MINUTE),
    Nanos::from_millis(30 * MINUTE),
    Nanos::from_millis(3 * 60 * MINUTE),
    Nanos::from_millis(12 * 60 * MINUTE),
];

/// Tells how long operations of one tenant take.
#[derive(Clone)]
pub(crate) struct Lengths {
    reader: Reader,
    limits: Limits,
}

/// What is usual of a trace's operations.
#[derive(Clone, Debug)]
pub(crate) struct Usual {
    /// Those that took longest in the trace first.
    pub(crate) operations: Vec<UsualLengths>,
    /// How many the trace has.
    pub(crate) total: u64,
}

/// How long an operation took elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct UsualLengths {
    pub(crate) operation: Operation,
    /// Where it was looked for.
    pub(crate) range: TimeRange,
    /// There were too many to look at all.
    pub(crate) is_part: bool,
    /// How many spans were found.
    pub(crate) count: u64,
    /// What 1, 2, ... 100 % of them took at most; nothing of few.
    pub(crate) percentiles: Vec<Nanos>,
}

// === impl Lengths ===

impl Lengths {
    pub(crate) fn new(reader: Reader, limits: Limits) -> Self {
        Self { reader, limits }
    }

    /// What is usual for the operations of a trace's journey; `None` where nothing is known of the trace.
    pub(crate) async fn of_trace(&self, trace_id: TraceId) -> Result<Option<Usual>, ReadError> {
        let journeys = Journeys::new(self.reader.clone(), self.limits);
        let windows = journeys.windows(trace_id).await?;
        let Some(begin) = windows.iter().map(|window| window.range.from).min() else {
            return Ok(None);
        };
        let own = windows.iter().map(|window| window.trace_id).collect();
        let Operations { longest, total } = self.reader.operations(&windows, MOST).await?;
        let operations = self.around(begin, longest, &own).await?;
        Ok(Some(Usual { operations, total }))
    }

    async fn around(
        &self,
        begin: UnixNanos,
        operations: Vec<Operation>,
        own: &BTreeSet<TraceId>,
    ) -> Result<Vec<UsualLengths>, ReadError> {
        let began = Instant::now();
        let mut usual: Vec<UsualLengths> = operations
            .into_iter()
            .map(|operation| UsualLengths::unknown(operation, begin))
            .collect();
        for reach in REACHES {
            let range = TimeRange {
                from: begin.minus(reach),
                to: begin.plus(reach),
            };
            let is_first = reach == REACHES[0];
            let wanted: Vec<&Operation> = usual
                .iter()
                .filter(|one| one.count < ENOUGH)
                .map(|one| &one.operation)
                .collect();
            let is_over = !is_first && began.elapsed() >= self.limits.patience;
            if wanted.is_empty() || is_over {
                break;
            }
            let look = OperationLook {
                operations: &wanted,
                range,
                apart_from: own,
                rows: self.limits.operation_rows,
                beyond: Beyond::Refuse,
            };
            let (found, is_part) = match self.reader.operation_lengths(&look).await {
                Ok(found) => (found, false),
                Err(ReadError::TooHeavy(_)) if is_first => {
                    let beyond = Beyond::Cut;
                    let look = OperationLook { beyond, ..look };
                    (self.reader.operation_lengths(&look).await?, true)
                }
                // What is known from nearer by is told.
                Err(ReadError::TooHeavy(_)) => break,
                Err(error) => return Err(error),
            };
            let mut found: HashMap<Operation, OperationLengths> = found
                .into_iter()
                .map(|one| (one.operation.clone(), one))
                .collect();
            for one in usual.iter_mut().filter(|one| one.count < ENOUGH) {
                one.range = range;
                one.is_part = is_part;
                if let Some(found) = found.remove(&one.operation) {
                    one.learn(found);
                }
            }
        }
        Ok(usual)
    }
}

// === impl UsualLengths ===

impl UsualLengths {
    fn unknown(operation: Operation, at: UnixNanos) -> Self {
        Self {
            operation,
            range: TimeRange { from: at, to: at },
            is_part: false,
            count: 0,
            percentiles: Vec::new(),
        }
    }

    fn learn(&mut self, found: OperationLengths) {
        self.count = found.count;
        self.percentiles = match found.count < FEW {
            true => Vec::new(),
            false => found.percentiles,
        };
    }
}
