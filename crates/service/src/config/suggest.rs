//! "Did you mean": the nearest known name to a misspelt one.

use strsim::osa_distance;

/// The message for a name that nobody asked for.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    let nearest = known
        .clone()
        .map(|candidate| (osa_distance(name, candidate), candidate))
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

#[cfg(test)]
mod tests {
    use super::{osa_distance, unknown};

    #[test]
    fn distance_counts_single_letter_edits() {
        assert_eq!(osa_distance("listen", "listen"), 0);
        assert_eq!(osa_distance("lisen", "listen"), 1);
        assert_eq!(osa_distance("", "abc"), 3);
        assert_eq!(osa_distance("stroe", "store"), 1, "swapped neighbours");
        assert_eq!(osa_distance("kitten", "sitting"), 3);
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
