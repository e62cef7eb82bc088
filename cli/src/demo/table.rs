//! The small table: what the API says of each function.

use super::api::{ApiFunction, Number};

/// One line a function, by name; aligned for a terminal.
pub(super) fn render(functions: &[ApiFunction]) -> String {
    let mut sorted: Vec<&ApiFunction> = functions.iter().collect();
    sorted.sort_by(|one, other| one.function.cmp(&other.function));
    let mut table = format!(
        "{:<12}{:>12}{:>7}{:>8}{:>12}{:>12}\n",
        "function", "invocations", "cold", "errors", "p50", "p95"
    );
    for function in sorted {
        table.push_str(&format!(
            "{:<12}{:>12}{:>7}{:>8}{:>12}{:>12}\n",
            function.function,
            function.invocations.0,
            function.cold_starts.0,
            function.errors.0,
            milliseconds(function.p50),
            milliseconds(function.p95),
        ));
    }
    table
}

fn milliseconds(nanos: Number) -> String {
    format!("{:.1} ms", nanos.0 as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_stand_in_order_under_their_headings() {
        let function = |name: &str, p95| ApiFunction {
            function: name.to_owned(),
            invocations: Number(28),
            cold_starts: Number(3),
            errors: Number(1),
            p50: Number(41_230_000),
            p95: Number(p95),
        };
        let table = render(&[
            function("mailer", 3_000_000_000),
            function("checkout", 750_100_000),
        ]);
        let expected = "\
function     invocations   cold  errors         p50         p95
checkout              28      3       1     41.2 ms    750.1 ms
mailer                28      3       1     41.2 ms   3000.0 ms
";
        assert_eq!(table, expected);
    }
}
