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

/// The Levenshtein distance: how many letters must be added, dropped or changed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
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
