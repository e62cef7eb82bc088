//! "Did you mean": the nearest known name to a misspelt one.

/// The message for a name that nobody asked for.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    let nearest = known
        .clone()
        .map(|candidate| (distance(name, candidate), candidate))
        .min();
    match nearest {
        // A third of the letters wrong is still a slip of the finger; more is another word.
        Some((wrong, candidate)) if wrong <= name.len().max(3) / 3 => {
            format!("unknown {what}; did you mean `{candidate}`?")
        }
        _ => {
            let known: Vec<&str> = known.collect();
            format!("unknown {what}; there are: {}", known.join(", "))
        }
    }
}

/// How many letters must be added, dropped, changed, or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut next = vec![i + 1];
        for j in 0..to.len() {
            let change = row[j] + usize::from(from[i] != to[j]);
            let mut least = change.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j] {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, unknown};

    #[test]
    fn distance_counts_single_letter_edits() {
        assert_eq!(distance("listen", "listen"), 0);
        assert_eq!(distance("lisen", "listen"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("stroe", "store"), 1, "swapped neighbours");
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn far_names_are_listed_instead_of_guessed() {
        let known = ["grpc_listen", "http_listen"];
        assert_eq!(
            unknown("key", "colour", known.into_iter()),
            "unknown key; there are: grpc_listen, http_listen"
        );
        assert_eq!(
            unknown("key", "grpc_lisen", known.into_iter()),
            "unknown key; did you mean `grpc_listen`?"
        );
    }
}
