//! A page of metrics in Prometheus' text format, as far as our own services write it.

use serde::Serialize;

/// The numbers of a page.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    samples: Vec<Sample>,
}

/// One line.
#[derive(Debug)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// How long something took, over all that was observed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Took {
    pub(super) count: u64,
    /// In seconds.
    #[serde(rename = "mean_seconds")]
    pub(super) mean: f64,
    /// No more than this took 99 of 100, in seconds; `None` where it is beyond every bound.
    #[serde(rename = "within_seconds")]
    pub(super) most: Option<f64>,
}

// === impl Metrics ===

impl Metrics {
    /// Lines that read otherwise are passed over.
    pub(super) fn parse(page: &str) -> Self {
        let lines = page.lines().filter(|line| !line.starts_with('#'));
        Self {
            samples: lines.filter_map(Sample::parse).collect(),
        }
    }

    /// The sum of a metric over all series that have these labels; `None` where there is none.
    pub(super) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<u64> {
        let mut found = self.of(name, labels).peekable();
        found.peek()?;
        // Counters and gauges of ours are whole and not negative.
        Some(found.map(|sample| sample.value).sum::<f64>() as u64)
    }

    /// The sum for each value of a label that is not 0, in order.
    pub(super) fn by(&self, name: &str, labels: &[(&str, &str)], by: &str) -> Vec<(String, u64)> {
        let found = self.of(name, labels).filter_map(|sample| sample.label(by));
        let mut values: Vec<&str> = found.collect();
        values.sort_unstable();
        values.dedup();
        let sum = |value: &str| {
            let labels = [labels, &[(by, value)]].concat();
            (value.to_owned(), self.sum(name, &labels).unwrap_or(0))
        };
        let sums = values.into_iter().map(sum);
        sums.filter(|(_, sum)| *sum > 0).collect()
    }

    /// A histogram in seconds; `None` where nothing was observed.
    pub(super) fn took(&self, name: &str) -> Option<Took> {
        let count = self.sum(&format!("{name}_count"), &[])?;
        let sum = self.of(&format!("{name}_sum"), &[]).next()?.value;
        if count == 0 {
            return None;
        }
        let buckets = format!("{name}_bucket");
        let most = self.of(&buckets, &[]).find_map(|bucket| {
            let bound: f64 = bucket.label("le")?.parse().ok()?;
            (bucket.value >= count as f64 * 0.99 && bound.is_finite()).then_some(bound)
        });
        Some(Took {
            count,
            mean: sum / count as f64,
            most,
        })
    }

    fn of<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| {
            let has = |(label, value): &(&str, &str)| sample.label(label) == Some(value);
            sample.name == name && labels.iter().all(has)
        })
    }
}

// === impl Sample ===

impl Sample {
    fn parse(line: &str) -> Option<Self> {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}')?),
            None => (series, ""),
        };
        Some(Self {
            name: name.to_owned(),
            labels: labels_of(labels)?,
            value: value.parse().ok()?,
        })
    }

    fn label(&self, name: &str) -> Option<&str> {
        let mut labels = self.labels.iter();
        let (_, value) = labels.find(|(label, _)| label == name)?;
        Some(value)
    }
}

/// `a="1",b="2"`, with backslashes before what would end a value.
fn labels_of(mut text: &str) -> Option<Vec<(String, String)>> {
    let mut labels = Vec::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"")?;
        let mut value = String::new();
        let mut letters = rest.char_indices();
        let end = loop {
            match letters.next()? {
                (at, '"') => break at,
                (_, '\\') => match letters.next()?.1 {
                    'n' => value.push('\n'),
                    letter => value.push(letter),
                },
                (_, letter) => value.push(letter),
            }
        };
        labels.push((name.to_owned(), value));
        text = &rest[end + 1..];
        text = text.strip_prefix(',').unwrap_or(text);
    }
    Some(labels)
}

#[cfg(test)]
mod tests {
    use coldtrace_service::metrics::Registry;

    use super::*;

    #[test]
    fn what_a_registry_writes_is_read() {
        let registry = Registry::new();
        let requests = |status, tenant| {
            let labels = [("status", status), ("tenant", tenant)];
            registry.counter("requests_total", "Requests.", &labels)
        };
        requests("200", "a").add(3);
        requests("200", "odd \"\\\n} 7").add(4);
        requests("429", "a").add(2);
        requests("500", "a");
        registry.gauge("held_bytes", "Held.", &[]).set(1 << 40);
        let took =
            registry.histogram_with("took_seconds", "Took.", &[("op", "x")], &[0.1, 1.0, 2.0]);
        for _ in 0..99 {
            took.observe(0.5);
        }
        took.observe(5.5);
        registry.histogram("never_seconds", "Never.", &[]);

        let metrics = Metrics::parse(&registry.render());
        assert_eq!(metrics.sum("requests_total", &[]), Some(9));
        assert_eq!(metrics.sum("requests_total", &[("status", "200")]), Some(7));
        assert_eq!(
            metrics.sum("requests_total", &[("tenant", "odd \"\\\n} 7")]),
            Some(4)
        );
        assert_eq!(
            metrics.by("requests_total", &[], "status"),
            [("200".to_owned(), 7), ("429".to_owned(), 2)]
        );
        assert_eq!(metrics.sum("held_bytes", &[]), Some(1 << 40));
        assert_eq!(metrics.sum("requests", &[]), None, "no such name");
        let expected = Took {
            count: 100,
            mean: 0.55,
            most: Some(1.0),
        };
        assert_eq!(metrics.took("took_seconds"), Some(expected));
        assert_eq!(metrics.took("never_seconds"), None);
    }
}
