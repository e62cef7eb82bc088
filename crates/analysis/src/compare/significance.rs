//! How sure a difference of two shares is.

/// So many of so many.
pub(crate) type Part = (u64, u64);

/// The two-proportion z: by how many standard deviations of chance two shares differ, 0 if they don't.
pub(super) fn score_of(one: Part, other: Part) -> f64 {
    let delta = share(one) - share(other);
    let pooled = pooled(one, other);
    let spread = pooled * (1.0 - pooled) * (1.0 / one.1 as f64 + 1.0 / other.1 as f64);
    match spread > 0.0 {
        true => delta / spread.sqrt(),
        false => 0.0,
    }
}

/// How likely chance makes a difference as great as this, to either side: from 0 to 1, rather too much than too little.
///
/// The normal distribution flatters what is rare: that five of eight such rows are among a twentieth of all is a matter of
/// thousandths, and z has millionths. So Chernoff's bound, which holds for any number, must allow it as well; for frequent
/// values the two hardly differ.
pub(super) fn probability(z: f64, one: Part, other: Part) -> f64 {
    let normal = complementary_error(z.abs() / std::f64::consts::SQRT_2);
    let pooled = pooled(one, other);
    // It is one event, seen from either side.
    let bound = |part: Part| (-(part.1 as f64) * divergence(share(part), pooled)).exp();
    let chernoff = 2.0 * bound(one).min(bound(other));
    normal.max(chernoff).clamp(0.0, 1.0)
}

/// How many of ascending probabilities pass, of so many looks, by Benjamini and Hochberg.
pub(crate) fn passes(
    ascending: impl Iterator<Item = f64>,
    looks: u64,
    false_discoveries: f64,
) -> usize {
    let step = false_discoveries / looks.max(1) as f64;
    let ranked = ascending.zip(1_usize..);
    let passing = ranked.filter(|&(p, rank)| p <= rank as f64 * step);
    passing.map(|(_, rank)| rank).max().unwrap_or(0)
}

pub(crate) fn share((part, whole): Part) -> f64 {
    part as f64 / whole.max(1) as f64
}

pub(crate) fn pooled(one: Part, other: Part) -> f64 {
    (one.0 as f64 + other.0 as f64) / (one.1 as f64 + other.1 as f64).max(1.0)
}

/// Of a coin that shows `seen` from one that shows `expected` (Kullback and Leibler), in nats.
pub(crate) fn divergence(seen: f64, expected: f64) -> f64 {
    let term = |seen: f64, expected: f64| match seen > 0.0 && expected > 0.0 {
        true => seen * (seen / expected).ln(),
        false => 0.0,
    };
    (term(seen, expected) + term(1.0 - seen, 1.0 - expected)).max(0.0)
}

/// Of the normal distribution, to a ten-millionth of itself (Numerical Recipes, `erfcc`).
pub(crate) fn complementary_error(x: f64) -> f64 {
    const TERMS: [f64; 10] = [
        0.170_872_77,
        -0.822_152_23,
        1.488_515_87,
        -1.135_203_98,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_68,
        -1.265_512_23,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    let sum = TERMS.iter().fold(0.0, |sum, term| sum * t + term);
    t * (sum - x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_is_as_in_tables() {
        for (z, expected) in [(0.0, 1.0), (1.959_964, 0.05), (2.575_829, 0.01)] {
            let tail: f64 = complementary_error(z / std::f64::consts::SQRT_2);
            assert!((tail - expected).abs() < 1e-6, "{z}: {tail}");
        }
        let far = complementary_error(40.0 / std::f64::consts::SQRT_2);
        assert!((0.0..1e-300).contains(&far));
    }

    #[test]
    fn a_handful_is_less_sure_than_its_z() {
        let (one, other) = ((5, 1_000), (3, 19_000));
        let z = score_of(one, other);
        let p = probability(z, one, other);
        assert!(z > 7.0, "{z}");
        assert!(p > 1e-5, "{p}");
    }

    #[test]
    fn probabilities_pass_by_their_rank() {
        let check = |ascending: &[f64], looks, expected| {
            let passing = passes(ascending.iter().copied(), looks, 0.01);
            assert_eq!(passing, expected, "{ascending:?} of {looks}");
        };
        check(&[], 0, 0);
        check(&[0.009], 1, 1);
        check(&[0.009], 2, 0);
        // The first would not pass alone.
        check(&[0.004, 0.006, 0.9], 3, 2);
        check(&[0.011, 0.9], 2, 0);
    }
}
