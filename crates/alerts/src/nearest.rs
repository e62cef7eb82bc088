//! "Did you mean": the nearest known word to a misspelt one.

/// What to say of a word that is none of these.
pub(crate) fn instead_of(word: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|&one| (distance(word, one), one)).min();
    match nearest {
        // A third of the letters wrong is still a slip of the finger; more is another word.
        Some((wrong, one)) if wrong <= word.chars().count().max(3) / 3 => {
            format!("did you mean `{one}`?")
        }
        _ => format!("there are: {}", known.join(", ")),
    }
}

/// How many letters must be added, dropped, changed, or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    // Longer words than this are no slips of any of ours, and are not worth the time.
    const LONGEST: usize = 64;
    let end = from
        .char_indices()
        .nth(LONGEST)
        .map_or(from.len(), |(at, _)| at);
    strsim::osa_distance(from.get(..end).unwrap_or(from), to)
}

#[cfg(test)]
mod tests {
    use super::{distance, instead_of};

    #[test]
    fn distance_counts_single_letter_edits() {
        assert_eq!(distance("above", "above"), 0);
        assert_eq!(distance("abov", "above"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("baove", "above"), 1, "swapped neighbours");
    }

    #[test]
    fn far_words_are_listed_instead_of_guessed() {
        let known = ["above", "below"];
        assert_eq!(instead_of("abvoe", &known), "did you mean `above`?");
        assert_eq!(instead_of("colour", &known), "there are: above, below");
    }
}
