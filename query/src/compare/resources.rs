//! By which attributes of their resources the invocations of a sample differ.

use std::collections::BTreeMap;

use coldtrace_analysis::compare::{
    self, Difference, Frequency, KeyCounts, KeyValue, Pattern, Side, Sides, fold,
};

use super::{AlsoTold, KeyInWords, MOST, Told};

/// In bytes: what is longer is a text, not a value that others have too.
const LONGEST: usize = 200;

/// An invocation: whether it is selected, and what its resource says.
pub(super) type Sampled<'a> = (bool, &'a BTreeMap<String, String>);

/// A key's values, with how many have each.
type Values<'a> = BTreeMap<&'a str, Frequency>;

/// The significant differences in words, the most telling first.
pub(super) fn differences(sampled: &[Sampled<'_>]) -> Vec<Told> {
    let mut counted: BTreeMap<&str, Values<'_>> = BTreeMap::new();
    let mut sides = Sides::default();
    for (is_selected, attributes) in sampled {
        count(&mut sides, *is_selected);
        let short = attributes
            .iter()
            .filter(|(_, value)| value.len() <= LONGEST);
        for (key, value) in short {
            let frequency = counted.entry(key).or_default().entry(value).or_default();
            match is_selected {
                true => frequency.selected += 1,
                false => frequency.rest += 1,
            }
        }
    }
    // Keys and values are known by their places.
    let names: Vec<(&str, Vec<&str>)> = counted
        .iter()
        .map(|(key, values)| (*key, values.keys().copied().collect()))
        .collect();
    let keys: Vec<KeyCounts> = counted.values().zip(0..).map(key_counts).collect();
    let found = compare::differences(&sides, &keys, MOST);
    let words = |one: &Difference| words(&names, one);
    let in_words: Vec<Option<KeyInWords>> = found.iter().map(words).collect();
    let patterns: Vec<Pattern> = sampled
        .iter()
        .map(|one| pattern_of(*one, &in_words))
        .collect();
    let told = fold(&sides, found, &patterns).into_iter();
    let told = told.filter_map(|finding| {
        let also = finding.also.into_iter().filter_map(|difference| {
            let words = words(&difference)?.of_resource();
            Some(AlsoTold { difference, words })
        });
        Some(Told {
            words: words(&finding.first)?.of_resource(),
            difference: finding.first,
            explains: finding.explains,
            also: also.collect(),
        })
    });
    told.collect()
}

fn count(sides: &mut Sides, is_selected: bool) {
    let side: &mut Side = match is_selected {
        true => &mut sides.selected,
        false => &mut sides.rest,
    };
    side.count += 1;
}

fn key_counts((values, key): (&Values<'_>, u64)) -> KeyCounts {
    let mut all = Frequency::default();
    for frequency in values.values() {
        all.selected += frequency.selected;
        all.rest += frequency.rest;
    }
    KeyCounts {
        key,
        all,
        distinct: values.len() as u64,
        values: (0..).zip(values.values().copied()).collect(),
    }
}

fn words(names: &[(&str, Vec<&str>)], one: &Difference) -> Option<KeyInWords> {
    let (key, values) = names.get(usize::try_from(one.key).ok()?)?;
    let value = match one.value {
        KeyValue::Absent => None,
        KeyValue::Value(place) => Some((*values.get(usize::try_from(place).ok()?)?).to_owned()),
    };
    Some(KeyInWords {
        key: (*key).to_owned(),
        value,
    })
}

/// Which of these an invocation has, of the first as many as a pattern has bits for.
fn pattern_of((is_selected, attributes): Sampled<'_>, found: &[Option<KeyInWords>]) -> Pattern {
    let has = |words: &KeyInWords| attributes.get(&words.key) == words.value.as_ref();
    let values = found.iter().take(64).enumerate();
    let values = values.filter(|(_, words)| words.as_ref().is_some_and(has));
    Pattern {
        values: values.fold(0, |bits, (place, _)| bits | 1_u64 << place),
        count: 1,
        selected: u64::from(is_selected),
        duration: 0,
    }
}

// === impl KeyInWords ===

impl KeyInWords {
    /// As an attribute of a resource is told apart from one of a span.
    fn of_resource(self) -> Self {
        Self {
            key: format!("resource.{}", self.key),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_the_same_invocations_have_is_told_once_and_what_all_have_is_not() {
        let bad = resource(&[("service.version", "2"), ("git.sha", "b"), ("cloud", "aws")]);
        let good = resource(&[("service.version", "1"), ("git.sha", "a"), ("cloud", "aws")]);
        let mut sampled: Vec<Sampled<'_>> = vec![(true, &bad); 60];
        sampled.extend(vec![(false, &good); 100]);
        let told = differences(&sampled);
        let [one] = &told[..] else {
            panic!("one release: {told:#?}");
        };
        let mut keys = vec![one.words.clone()];
        keys.extend(one.also.iter().map(|also| also.words.clone()));
        keys.sort_by(|a, b| a.key.cmp(&b.key));
        let told: Vec<(&str, Option<&str>)> = keys
            .iter()
            .map(|words| (words.key.as_str(), words.value.as_deref()))
            .collect();
        let expected = [
            ("resource.git.sha", Some("b")),
            ("resource.service.version", Some("2")),
        ];
        assert_eq!(told, expected);
        assert_eq!(one.difference.share_selected, 1.0);
    }

    #[test]
    fn what_the_bad_ones_lack_is_told_without_a_value() {
        let bad = resource(&[("cloud", "aws")]);
        let good = resource(&[("cloud", "aws"), ("feature.cache", "on")]);
        let mut sampled: Vec<Sampled<'_>> = vec![(true, &bad); 60];
        sampled.extend(vec![(false, &good); 100]);
        let told = differences(&sampled);
        assert_eq!(told.len(), 1, "{told:#?}");
        let expected = KeyInWords {
            key: "resource.feature.cache".to_owned(),
            value: None,
        };
        assert_eq!(told[0].words, expected);
    }

    #[test]
    fn ids_and_texts_tell_nothing_nor_does_a_side_without_invocations() {
        let long = "x".repeat(LONGEST + 1);
        let own: Vec<BTreeMap<String, String>> = (0..60)
            .map(|number| resource(&[("faas.instance", &format!("i-{number}")), ("text", &long)]))
            .collect();
        let good = resource(&[]);
        let mut sampled: Vec<Sampled<'_>> = own.iter().map(|one| (true, one)).collect();
        assert!(differences(&sampled).is_empty(), "of one side");
        sampled.extend(vec![(false, &good); 60]);
        assert!(differences(&sampled).is_empty());
        assert!(differences(&[]).is_empty());
    }
}
