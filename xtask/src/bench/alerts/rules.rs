//! The rules: some of each kind, half of them about one function, half about all.

use super::data::FUNCTIONS;

pub(super) const COUNT: u64 = 1_000;
const WINDOWS: [&str; 6] = ["5m", "10m", "15m", "30m", "1h", "2h"];

/// As a file.
pub(super) fn text() -> String {
    (0..COUNT).map(rule).collect()
}

/// One that hardly ever fires: what is explained is told elsewhere.
fn rule(number: u64) -> String {
    let scope = match number / 10 % 2 {
        0 => format!(
            "scope = {{ functions = [\"fn-{}\"] }}\n",
            number % FUNCTIONS
        ),
        _ => String::new(),
    };
    let window = WINDOWS[(number / 20 % 6) as usize];
    let when = match number % 10 {
        0 => "kind = \"burn_rate\"\nobjective = \"90%\"\n".to_owned(),
        1 => "kind = \"cold_start_budget\"\ninit = \"5s\"\nshare = \"50%\"\nwindow = \"1h\"\n"
            .to_owned(),
        2 => "kind = \"absence\"\nwindow = \"15m\"\nseen_within = \"1d\"\n".to_owned(),
        3 => "kind = \"deviation\"\nmeasure = \"p95\"\nwindow = \"30m\"\nfactor = 9\n".to_owned(),
        4 => {
            format!(
                "kind = \"ratio\"\nof = \"p99\"\nto = \"p50\"\nabove = 90\nwindow = \"{window}\"\n"
            )
        }
        5 => "kind = \"threshold\"\nmeasure = \"cost\"\nabove = \"$900\"\nwindow = \"7d\"\n"
            .to_owned(),
        6 => threshold("p99", "60s", window),
        7 => threshold("error_rate", "50%", window),
        8 => threshold("p95", "50s", window),
        _ => threshold("memory_share", "99%", window),
    };
    format!("[[rule]]\nname = \"rule {number}\"\n{scope}[rule.when]\n{when}\n")
}

fn threshold(measure: &str, above: &str, window: &str) -> String {
    format!(
        "kind = \"threshold\"\nmeasure = \"{measure}\"\nabove = \"{above}\"\nwindow = \"{window}\"\n"
    )
}
