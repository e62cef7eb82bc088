//! Why an alert fires: what sets the bad invocations of its window apart, where the time went otherwise than before, some of
//! them, and the pages that show exactly that.
//!
//! Asked once, when an alert begins to fire, and bounded in time: an alert without reasons is worth more than reasons that are late.
//! Invariant: nothing in here fails. What can't be read, or not in time, is left out, and a line of the log says so.

mod causes;
mod pages;
mod shifts;

use std::error::Error;
use std::time::Duration;

use coldtrace_alerts::{Example, PathShift, Why};
use coldtrace_model::{LogHistogram, Nanos, Outcome, TimeRange};
use coldtrace_store::reader::{
    FunctionMinute, InvocationFilter, InvocationSort, Narrowing, ReadError, Reader, Selection,
};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::compare::{self, Comparer, Told};
use crate::journey::{JourneyError, Limits};

/// For all reasons together: an alert waits for them.
const PATIENCE: Duration = Duration::from_secs(10);
/// So long before its window is what an alert's invocations are compared with.
const BEFORE: Nanos = Nanos::from_millis(3_600_000);
/// Bad invocations that are shown.
const EXAMPLES: usize = 3;
/// Looked at for those of one version, of which there is no list.
const LOOKED_AT: u32 = 100;
/// Every way to fail.
const FAILED: [Outcome; 6] = [
    Outcome::Error,
    Outcome::InitError,
    Outcome::Crash,
    Outcome::Timeout,
    Outcome::OutOfMemory,
    Outcome::Lost,
];

/// What is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Of this function, or of all.
    pub(crate) function: Option<String>,
    /// Of this version, or of all.
    pub(crate) version: Option<String>,
    /// The window that decided it.
    pub(crate) window: TimeRange,
    /// Which of its invocations are bad.
    pub(crate) bad: Bad,
}

/// Which invocations are bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Those that failed, in whatever way.
    Errors,
    /// Those that timed out.
    Timeouts,
    /// Those that ran out of memory.
    OutOfMemory,
    /// Those of whose end nothing was heard.
    Lost,
    /// Those that took so long or longer.
    Slower(Nanos),
    /// Those that waited for a start of their sandbox.
    Cold,
    /// Each, as when there are too many.
    Everything,
}

/// Finds reasons in what one tenant has.
#[derive(Clone)]
pub(crate) struct Reasons {
    reader: Reader,
    comparer: Comparer,
    /// What stands before a page's path: the public address, or nothing.
    base: String,
    patience: Duration,
}

/// How many of a window's invocations are bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    bad: u64,
    all: u64,
}

// === impl Reasons ===

impl Reasons {
    pub(crate) fn new(reader: Reader, limits: Limits, base: &str) -> Self {
        Self {
            comparer: Comparer::new(reader.clone(), limits),
            reader,
            base: base.trim_end_matches('/').to_owned(),
            patience: PATIENCE,
        }
    }

    /// The same for who waits no longer than this.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// All that can be told in time, without a history, which the caller has.
    pub(crate) async fn why(&self, question: &Question) -> Why {
        let deadline = Instant::now() + self.patience;
        // Each is large, and so boxed.
        let share = in_time(deadline, "share", Box::pin(self.share(question))).await;
        let (counted, resources, path, examples) = tokio::join!(
            in_time(deadline, "causes", Box::pin(self.counted(question, share))),
            in_time(
                deadline,
                "resources",
                Box::pin(self.resources(question, share))
            ),
            in_time(deadline, "path", Box::pin(self.path(question, share))),
            in_time(deadline, "examples", Box::pin(self.examples(question)))
        );
        Why {
            history: Vec::new(),
            causes: causes::ranked(&causes::merged(counted, resources)),
            path,
            examples,
            links: pages::links(&self.base, question),
        }
    }

    async fn share(&self, question: &Question) -> Result<Share, ReadError> {
        let functions: Vec<String> = question.function.iter().cloned().collect();
        let hours = self.reader.function_hours(question.window, &functions);
        let mut share = Share::default();
        for row in hours.await? {
            let is_asked = |version: &String| *version == row.version;
            if question.version.as_ref().is_none_or(is_asked) {
                share.bad += question.bad.count(&row);
                share.all += row.invocations;
            }
        }
        Ok(share)
    }

    /// What sets the bad ones apart, of all that is counted.
    async fn counted(&self, question: &Question, share: Share) -> Result<Vec<Told>, ReadError> {
        let Some(compared) = question.told_apart(share) else {
            return Ok(Vec::new());
        };
        Ok(self.comparer.compare(compared).await?.findings)
    }

    /// What sets them apart, of what their resources tell.
    async fn resources(&self, question: &Question, share: Share) -> Result<Vec<Told>, ReadError> {
        match question.told_apart(share) {
            Some(compared) => self.comparer.resources(compared).await,
            None => Ok(Vec::new()),
        }
    }

    /// Where the time of the window's invocations went, against that of the hour before. Where few of them are bad, these against all
    /// others: in the mean of the window they would not be seen.
    async fn path(
        &self,
        question: &Question,
        share: Share,
    ) -> Result<Vec<PathShift>, JourneyError> {
        let selection = match question.bad {
            Bad::Everything | Bad::Lost => question.all(),
            _ if share.is_little() => question.bad_ones(),
            _ => question.all(),
        };
        let parts = self.comparer.parts(question.compared(selection)).await?;
        Ok(shifts::longest(&parts))
    }

    async fn examples(&self, question: &Question) -> Result<Vec<Example>, ReadError> {
        let selection = question.bad_ones();
        let least = selection.least.unwrap_or_default();
        let filter = InvocationFilter {
            range: question.window,
            function: question.function.clone(),
            outcomes: selection.outcomes,
            cold: selection.cold,
            only: Narrowing::default(),
            sort: match question.bad {
                Bad::Slower(_) | Bad::Cold => InvocationSort::Slowest,
                _ => InvocationSort::Newest,
            },
            after: None,
            limit: match question.version {
                Some(_) => LOOKED_AT,
                None => EXAMPLES as u32,
            },
        };
        let page = self.reader.invocations(&filter).await?;
        let bad = page.items.into_iter().filter(|one| {
            let is_asked = |version: &String| *version == one.version;
            question.version.as_ref().is_none_or(is_asked)
                && one.duration.unwrap_or_default() >= least
        });
        let examples = bad.take(EXAMPLES).map(|one| Example {
            href: pages::invocation(&self.base, &one.request_id),
            request_id: one.request_id.as_str().to_owned(),
            duration: one.duration,
            outcome: one.outcome.as_str().to_owned(),
        });
        Ok(examples.collect())
    }
}

/// A part of the reasons; without, if it can't be had by then.
async fn in_time<T: Default, E: Error>(
    deadline: Instant,
    part: &'static str,
    asked: impl Future<Output = Result<T, E>>,
) -> T {
    match timeout_at(deadline, asked).await {
        Ok(Ok(told)) => return told,
        Ok(Err(error)) => {
            let cause = error.source().map(ToString::to_string);
            warn!(part, %error, cause, "a reason of an alert can't be read; it is told without");
        }
        Err(_) => warn!(part, "a reason of an alert is late; it is told without"),
    }
    T::default()
}

// === impl Question ===

impl Question {
    /// The window, and what is before it.
    fn reach(&self) -> TimeRange {
        TimeRange {
            from: self.window.from.minus(BEFORE),
            to: self.window.to,
        }
    }

    /// All of the window.
    fn all(&self) -> Selection {
        Selection {
            version: self.version.clone(),
            within: Some(self.window),
            ..Selection::default()
        }
    }

    /// The bad ones of the window.
    fn bad_ones(&self) -> Selection {
        let mut selection = self.all();
        match self.bad {
            Bad::Slower(least) => selection.least = Some(least),
            Bad::Cold => selection.cold = Some(true),
            bad => selection.outcomes = bad.outcomes().to_vec(),
        }
        selection
    }

    /// The bad ones of the window against its others and all of the hour before; `None` where nobody can compare them.
    fn told_apart(&self, share: Share) -> Option<compare::Question> {
        let selection = match self.bad {
            // They are not over.
            Bad::Lost => return None,
            // The others are hardly better.
            Bad::Slower(_) if share.is_most() => self.all(),
            _ => self.bad_ones(),
        };
        Some(self.compared(selection))
    }

    fn compared(&self, selection: Selection) -> compare::Question {
        compare::Question {
            range: self.reach(),
            function: self.function.clone(),
            selection,
            slowest: None,
        }
    }
}

// === impl Bad ===

impl Bad {
    /// How they ended; empty for any.
    fn outcomes(self) -> &'static [Outcome] {
        match self {
            Self::Errors => &FAILED,
            Self::Timeouts => &[Outcome::Timeout],
            Self::OutOfMemory => &[Outcome::OutOfMemory],
            Self::Lost => &[Outcome::Lost],
            Self::Slower(_) | Self::Cold | Self::Everything => &[],
        }
    }

    fn count(self, row: &FunctionMinute) -> u64 {
        match self {
            Self::Errors => row.errors,
            Self::Timeouts => row.timeouts,
            Self::OutOfMemory => row.ooms,
            Self::Lost => row.lost,
            Self::Cold => row.cold_starts,
            Self::Everything => row.invocations,
            Self::Slower(least) => {
                let first = LogHistogram::index_of(least);
                let slower = row.durations.iter().filter(|(bucket, _)| *bucket >= first);
                slower.map(|(_, count)| count).sum()
            }
        }
    }
}

// === impl Share ===

impl Share {
    fn is_most(self) -> bool {
        self.bad > self.all / 2
    }

    /// Not known is not little.
    fn is_little(self) -> bool {
        self.bad < self.all / 4
    }
}
