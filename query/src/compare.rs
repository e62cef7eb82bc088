//! Why are these different? Some invocations against the rest of a range: counted by the store, judged by analysis, put
//! into words again here.

mod resources;

use std::collections::{HashMap, HashSet};

use coldtrace_analysis::compare::{
    Difference, Finding, Frequency, KeyCounts, KeyValue, Pattern, Side, Sides, differences, fold,
};
use coldtrace_analysis::{Flame, SegmentSum, flame, path_tree, segments, summed};
use coldtrace_model::{RequestId, TimeRange};
use coldtrace_store::reader::{
    CohortTotals, Features, ItemCount, KeyCount, PatternItem, ReadError, Reader, Selection, Words,
};

use crate::journey::{JourneyError, Limits};
use crate::sample::{self, Telling};

/// Differences that are looked at more closely: as many as a pattern has bits for, and some to spare.
const MOST: usize = 50;
/// Invocations of each side whose traces are looked at.
const PICKED: u32 = 200;

/// What to compare.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) range: TimeRange,
    /// Of this function, or of all.
    pub(crate) function: Option<String>,
    pub(crate) selection: Selection,
    /// Those whose durations are among this share of the longest, instead of a least duration.
    pub(crate) slowest: Option<f64>,
}

/// What there is to say.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) selected: CohortTotals,
    pub(crate) rest: CohortTotals,
    /// By which the selection went, with the duration that a share came to.
    pub(crate) selection: Selection,
    /// The most telling first.
    pub(crate) findings: Vec<Told>,
    /// Findings of which the words are not stored yet.
    pub(crate) wordless: usize,
}

/// A finding in words.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) difference: Difference,
    /// As the finding has it.
    pub(crate) explains: Option<f64>,
    pub(crate) words: KeyInWords,
    /// What nearly the same invocations have.
    pub(crate) also: Vec<AlsoTold>,
}

/// What goes with a finding.
#[derive(Debug)]
pub(crate) struct AlsoTold {
    pub(crate) difference: Difference,
    pub(crate) words: KeyInWords,
}

/// A key and its value, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyInWords {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

/// Compares the invocations of one tenant.
#[derive(Clone)]
pub(crate) struct Comparer {
    reader: Reader,
    limits: Limits,
}

/// Where the time of both sides went.
#[derive(Debug)]
pub(crate) struct Paths {
    /// The selected first.
    pub(crate) totals: [CohortTotals; 2],
    pub(crate) flame: Flame,
}

/// What the critical paths of a side are made of.
#[derive(Debug, Default)]
pub(crate) struct PathParts {
    /// Of so many invocations.
    pub(crate) looked_at: usize,
    /// The longest first.
    pub(crate) sums: Vec<SegmentSum>,
}

/// Who is compared.
struct Cohorts {
    features: Features,
    selection: Selection,
    /// The selected first.
    totals: [CohortTotals; 2],
}

// === impl Comparer ===

impl Comparer {
    pub(crate) fn new(reader: Reader, limits: Limits) -> Self {
        Self { reader, limits }
    }

    /// By what the selected differ from the rest.
    pub(crate) async fn compare(&self, question: Question) -> Result<Comparison, ReadError> {
        let Cohorts {
            features,
            selection,
            totals,
        } = self.cohorts(question).await?;
        let [selected, rest] = totals;
        let mut comparison = Comparison {
            selected,
            rest,
            selection,
            findings: Vec::new(),
            wordless: 0,
        };
        if selected.count == 0 || rest.count == 0 {
            return Ok(comparison);
        }
        let counted = features.counts(&comparison.selection, &totals).await?;
        // A key without words of its own is told by any of its values.
        let examples: HashMap<u64, u64> = counted
            .iter()
            .filter_map(|key| Some((key.all.item, key.values.first()?.item)))
            .collect();
        let keys: Vec<KeyCounts> = counted.into_iter().map(key_counts).collect();
        let sides = Sides {
            selected: side(selected),
            rest: side(rest),
        };
        let found = differences(&sides, &keys, MOST);
        let patterns = patterns_of(&features, &comparison.selection, &totals, &found).await?;
        let findings = fold(&sides, found, &patterns);
        comparison.tell(&features, findings, &examples).await?;
        Ok(comparison)
    }

    /// Where the time of the selected went, and that of the rest: of some of each.
    pub(crate) async fn paths(&self, question: Question) -> Result<Paths, JourneyError> {
        let cohorts = self.cohorts(question).await?;
        let sides = self.told(&cohorts, path_tree).await?;
        let flame = tokio::task::spawn_blocking(move || flame([&sides[0], &sides[1]]));
        Ok(Paths {
            totals: cohorts.totals,
            flame: flame.await?,
        })
    }

    /// The same by parts, which stand for themselves wherever they are called: the selected first.
    pub(crate) async fn parts(&self, question: Question) -> Result<[PathParts; 2], JourneyError> {
        let cohorts = self.cohorts(question).await?;
        let sides = self.told(&cohorts, segments).await?;
        let parts = tokio::task::spawn_blocking(move || {
            sides.map(|paths| PathParts {
                looked_at: paths.len(),
                sums: summed(&paths, usize::MAX),
            })
        });
        Ok(parts.await?)
    }

    /// What some of each side tell, the selected first.
    async fn told<T: Clone + Send + 'static>(
        &self,
        cohorts: &Cohorts,
        telling: Telling<T>,
    ) -> Result<[Vec<T>; 2], JourneyError> {
        let Cohorts {
            features,
            selection,
            totals,
        } = cohorts;
        let picked = features.pick(selection, totals, PICKED).await?;
        // Of each its place on its side, then which side that is.
        let places: HashMap<&RequestId, (usize, usize)> = picked
            .iter()
            .enumerate()
            .flat_map(|(side, ids)| {
                let placed = ids.iter().enumerate();
                placed.map(move |(place, id)| (id, (place, side)))
            })
            .collect();
        let request_ids: Vec<RequestId> = picked.iter().flatten().cloned().collect();
        let mut invocations = self.reader.invocations_of(&request_ids).await?;
        // Where not all are looked at, as many of each side are.
        invocations.sort_by_key(|one| places.get(&one.request_id));
        let told = sample::told(&self.reader, self.limits, &invocations, telling).await?;
        let mut sides = [Vec::new(), Vec::new()];
        for (one, told) in invocations.iter().zip(told) {
            if let (Some(&(_, side)), Some(told)) = (places.get(&one.request_id), told) {
                sides[side].push(told);
            }
        }
        Ok(sides)
    }

    /// By which attributes of their resources the selected differ from the rest, told from some of each side: the most telling first. A
    /// resource is not among what is counted; it tells what was deployed.
    pub(crate) async fn resources(&self, question: Question) -> Result<Vec<Told>, ReadError> {
        let range = question.range;
        let Cohorts {
            features,
            selection,
            totals,
        } = self.cohorts(question).await?;
        let picked = features.pick(&selection, &totals, PICKED).await?;
        let request_ids: Vec<RequestId> = picked.iter().flatten().cloned().collect();
        let told = self.reader.resources_of_requests(&request_ids, range);
        let selected: HashSet<&RequestId> = picked[0].iter().collect();
        let told = told.await?;
        let sampled = told
            .iter()
            .map(|(id, attributes)| (selected.contains(id), attributes));
        Ok(resources::differences(&sampled.collect::<Vec<_>>()))
    }

    async fn cohorts(&self, question: Question) -> Result<Cohorts, ReadError> {
        let function = question.function.as_deref();
        let features = self.reader.features(question.range, function).await?;
        let mut selection = question.selection;
        if let Some(share) = question.slowest {
            selection.least = features.slowest(share).await?;
        }
        let totals = features.totals(&selection).await?;
        Ok(Cohorts {
            features,
            selection,
            totals,
        })
    }
}

/// Which of these differences the same invocations have.
async fn patterns_of(
    features: &Features,
    selection: &Selection,
    totals: &[CohortTotals; 2],
    found: &[Difference],
) -> Result<Vec<Pattern>, ReadError> {
    let items: Vec<PatternItem> = found
        .iter()
        .map(|one| match one.value {
            KeyValue::Value(item) => PatternItem::Item(item),
            KeyValue::Absent => PatternItem::Key(one.key),
        })
        .collect();
    // Of a key that is asked for, those without it are meant.
    let absent = found
        .iter()
        .enumerate()
        .filter(|(_, one)| one.value == KeyValue::Absent)
        .fold(0, |bits, (place, _)| bits | 1_u64 << place);
    let patterns = features.patterns(selection, totals, &items).await?;
    let patterns = patterns.into_iter().map(|pattern| Pattern {
        values: pattern.items ^ absent,
        count: pattern.count,
        selected: pattern.selected,
        duration: pattern.duration,
    });
    Ok(patterns.collect())
}

// === impl Comparison ===

impl Comparison {
    async fn tell(
        &mut self,
        features: &Features,
        findings: Vec<Finding>,
        examples: &HashMap<u64, u64>,
    ) -> Result<(), ReadError> {
        let item_of = |one: &Difference| match one.value {
            KeyValue::Value(item) => Some(item),
            KeyValue::Absent => examples.get(&one.key).copied(),
        };
        let every = findings
            .iter()
            .flat_map(|finding| std::iter::once(&finding.first).chain(&finding.also));
        let items: Vec<u64> = every.filter_map(item_of).collect();
        let words = features.words(&items).await?;
        let in_words = |one: &Difference| {
            let Words { key, value } = words.get(&item_of(one)?)?;
            Some(KeyInWords {
                key: key.clone(),
                value: (one.value != KeyValue::Absent).then(|| value.clone()),
            })
        };
        for finding in &findings {
            let also = finding.also.iter().filter_map(|&difference| {
                let words = in_words(&difference)?;
                Some(AlsoTold { difference, words })
            });
            match in_words(&finding.first) {
                Some(words) => self.findings.push(Told {
                    difference: finding.first,
                    explains: finding.explains,
                    words,
                    also: also.collect(),
                }),
                None => self.wordless += 1,
            }
        }
        Ok(())
    }
}

fn side(totals: CohortTotals) -> Side {
    Side {
        count: totals.count,
        timed: totals.timed,
        duration: totals.duration,
    }
}

fn key_counts(key: KeyCount) -> KeyCounts {
    let frequency = |count: ItemCount| Frequency {
        selected: count.selected,
        rest: count.rest,
    };
    let values = key.values.into_iter();
    KeyCounts {
        key: key.all.item,
        all: frequency(key.all),
        distinct: key.distinct,
        values: values.map(|count| (count.item, frequency(count))).collect(),
    }
}
