//! What invocations cost, by the platform's public prices: `prices/aws-lambda-2026-11.csv`.
//!
//! AWS Lambda alone is priced so far: what others bill depends on plans that no invocation tells.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use coldtrace_model::{Architecture, ByteSize, Invocation, Nanos, Platform};

/// The month of the prices.
pub const PRICES_OF: &str = "2026-11";
const LAMBDA: &str = include_str!("../prices/aws-lambda-2026-11.csv");
/// Where no other price is named.
const ANYWHERE: &str = "*";
const REQUEST: &str = "request";

const GIB: u128 = 1 << 30;
const SECOND: u128 = 1_000_000_000;
const PICO_PER_NANO: u128 = 1_000;

/// An amount of money: billionths of a US dollar. Negative where it is lost rather than saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NanoDollars(pub i64);

/// What a function's time costs where it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Of one GB of configured memory for a second.
    pico_per_gb_second: u64,
    /// Of one request.
    pico_per_request: u64,
}

/// One line of the list.
struct Entry {
    region: &'static str,
    item: &'static str,
    after_gb_seconds: u64,
    pico_dollars: u64,
}

fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| LAMBDA.lines().filter_map(Entry::parse).collect())
}

// === impl Price ===

impl Price {
    /// In this region, for this architecture, when so many GB-seconds were used in the month before. Nothing where the platform's
    /// prices are not known. An architecture that is not known costs what x86-64 costs; arm64 costs the usual where a region
    /// names no price for it.
    pub fn of(
        platform: Platform,
        region: &str,
        architecture: Architecture,
        gb_seconds: u64,
    ) -> Option<Self> {
        if platform != Platform::AwsLambda {
            return None;
        }
        let item = match architecture {
            Architecture::Arm64 => architecture.as_str(),
            _ => Architecture::X86_64.as_str(),
        };
        Some(Self {
            pico_per_gb_second: priced(region, item, gb_seconds)?,
            pico_per_request: priced(region, REQUEST, 0)?,
        })
    }

    /// Of an invocation, at the first tier.
    pub fn of_invocation(invocation: &Invocation) -> Option<Self> {
        Self::of(
            invocation.platform,
            &invocation.region,
            invocation.architecture,
            0,
        )
    }

    /// Regions with prices of their own, each once.
    pub fn regions() -> BTreeSet<&'static str> {
        let regions = entries().iter().map(|entry| entry.region);
        regions.filter(|region| *region != ANYWHERE).collect()
    }

    /// Of one GB of configured memory for a second, in millionths of a millionth of a dollar.
    pub fn pico_per_gb_second(self) -> u64 {
        self.pico_per_gb_second
    }

    /// Of one request, in the same.
    pub fn pico_per_request(self) -> u64 {
        self.pico_per_request
    }

    /// Of billed time with so much memory.
    pub fn of_time(self, billed: Nanos, memory: ByteSize) -> NanoDollars {
        let byte_nanos = u128::from(billed.0) * u128::from(memory.0);
        let pico = byte_nanos * u128::from(self.pico_per_gb_second) / (GIB * SECOND);
        NanoDollars::from_pico(pico)
    }

    /// Of so many requests.
    pub fn of_requests(self, requests: u64) -> NanoDollars {
        NanoDollars::from_pico(u128::from(requests) * u128::from(self.pico_per_request))
    }
}

/// What an invocation cost: its billed time and its request, at the first tier. Nothing where the bill is not known.
pub fn cost(invocation: &Invocation) -> Option<NanoDollars> {
    let price = Price::of_invocation(invocation)?;
    let time = price.of_time(invocation.billed?, invocation.memory?);
    Some(NanoDollars(time.0.saturating_add(price.of_requests(1).0)))
}

/// The price of the highest tier that is reached, of the region itself where it is named.
fn priced(region: &str, item: &str, gb_seconds: u64) -> Option<u64> {
    [region, ANYWHERE].into_iter().find_map(|region| {
        let entries = entries().iter();
        let reached = entries.filter(|entry| {
            entry.region == region && entry.item == item && entry.after_gb_seconds <= gb_seconds
        });
        let highest = reached.max_by_key(|entry| entry.after_gb_seconds);
        highest.map(|entry| entry.pico_dollars)
    })
}

// === impl Entry ===

impl Entry {
    /// Nothing for what is no line of the list.
    fn parse(line: &'static str) -> Option<Self> {
        let fields: Vec<&str> = line.split(',').collect();
        let [region, item, after, pico] = fields[..] else {
            return None;
        };
        Some(Self {
            region,
            item,
            after_gb_seconds: after.parse().ok()?,
            pico_dollars: pico.parse().ok()?,
        })
    }
}

// === impl NanoDollars ===

impl NanoDollars {
    fn from_pico(pico: u128) -> Self {
        let nano = (pico + PICO_PER_NANO / 2) / PICO_PER_NANO;
        Self(i64::try_from(nano).unwrap_or(i64::MAX))
    }

    /// For people: `$1.24`, or in three digits what is less than a dollar.
    pub fn text(self) -> String {
        let dollars = self.0 as f64 / 1e9;
        let decimals = match dollars.abs() {
            0.0 => 0,
            dollars if dollars >= 99.95 => 0,
            dollars if dollars >= 0.995 => 2,
            dollars => (2.0 - dollars.log10().floor()).clamp(2.0, 9.0) as usize,
        };
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}${:.decimals$}", dollars.abs())
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_testkit::invocation;

    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let lines = LAMBDA.lines();
        let data = lines.filter(|line| !line.starts_with('#') && !line.starts_with("region"));
        assert_eq!(entries().len(), data.count());
        for architecture in ["x86_64", "arm64", REQUEST] {
            assert!(priced("eu-west-1", architecture, 0).is_some());
        }
    }

    #[test]
    fn prices_are_those_of_region_architecture_and_tier() {
        let price = |region: &str, architecture, used| {
            let price = Price::of(Platform::AwsLambda, region, architecture, used);
            price.expect("known").pico_per_gb_second
        };
        let (x86, arm) = (Architecture::X86_64, Architecture::Arm64);
        assert_eq!(price("us-east-1", x86, 0), 16_666_700);
        assert_eq!(price("us-east-1", x86, 6_000_000_000), 15_000_000);
        assert_eq!(price("us-east-1", arm, 20_000_000_000), 10_666_700);
        assert_eq!(price("eu-south-1", arm, 0), 15_613_800);
        assert_eq!(price("", Architecture::Unknown, 0), 16_666_700);
        assert_eq!(Price::of(Platform::Vercel, "fra1", x86, 0), None);
    }

    #[test]
    fn an_invocation_costs_its_time_and_its_request() {
        let told = invocation("a").with(|told| {
            told.memory = Some(ByteSize::from_mib(512));
            told.billed = Some(Nanos::from_millis(100));
        });
        // 0.05 GB-seconds at 16,666.7 nano-dollars, and 200 for the request.
        assert_eq!(cost(&told.build()), Some(NanoDollars(833 + 200)));
        assert_eq!(cost(&invocation("b").build()), None, "no bill yet");
    }

    #[test]
    fn money_has_three_digits() {
        let cases = [
            (0, "$0"),
            (1_033, "$0.00000103"),
            (12_300_000, "$0.0123"),
            (994_000_000, "$0.994"),
            (1_240_000_000, "$1.24"),
            (-23_456_000_000, "-$23.46"),
            (123_456_000_000, "$123"),
        ];
        for (nano, expected) in cases {
            assert_eq!(NanoDollars(nano).text(), expected, "{nano}");
        }
    }
}
