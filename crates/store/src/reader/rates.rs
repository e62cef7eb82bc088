//! What billed time costs, so that the store can put invocations in order of it. What prices are is the caller's.

use coldtrace_model::{Architecture, Platform};

use super::sql;

const GIB: u128 = 1 << 30;
const SECOND: u128 = 1_000_000_000;

/// Prices of a platform, in millionths of a millionth of a dollar. What runs elsewhere has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Which.
    pub platform: Platform,
    /// Where no region of its own is named.
    pub elsewhere: Rate,
    /// By region.
    pub regions: Vec<(String, Rate)>,
}

/// Prices of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Of one GiB for a second, on Arm.
    pub arm64: u64,
    /// The same elsewhere.
    pub others: u64,
    /// Of one request.
    pub request: u64,
}

/// What a bill is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bill<'a> {
    pub(super) platform: u8,
    pub(super) region: &'a str,
    pub(super) architecture: u8,
    pub(super) memory_bytes: u64,
    pub(super) billed_ns: u64,
}

// === impl Rates ===

impl Rates {
    /// What it comes to; 0 where it is not known. The same as the SQL of [`Self::shown`].
    pub(super) fn cost(&self, bill: &Bill<'_>) -> u64 {
        let is_known = bill.platform == self.platform.number();
        if !is_known || bill.billed_ns == 0 || bill.memory_bytes == 0 {
            return 0;
        }
        let named = self.regions.iter().find(|(name, _)| name == bill.region);
        let rate = named.map_or(self.elsewhere, |(_, rate)| *rate);
        let per_second = match bill.architecture == Architecture::Arm64.number() {
            true => rate.arm64,
            false => rate.others,
        };
        let used = u128::from(bill.billed_ns).saturating_mul(bill.memory_bytes.into());
        let time = used.saturating_mul(per_second.into()) / (GIB * SECOND);
        u64::try_from(time)
            .unwrap_or(u64::MAX)
            .saturating_add(rate.request)
    }

    /// The cost of a row with the columns of a bill.
    pub(super) fn shown(&self) -> String {
        let by_region = |of: fn(&Rate) -> u64| {
            let elsewhere = of(&self.elsewhere);
            if self.regions.is_empty() {
                return format!("toUInt64({elsewhere})");
            }
            let regions: Vec<String> = self
                .regions
                .iter()
                .map(|(name, _)| sql::text(name))
                .collect();
            let rates: Vec<String> = self
                .regions
                .iter()
                .map(|(_, rate)| format!("toUInt64({})", of(rate)))
                .collect();
            format!(
                "transform(toString(region), [{}], [{}], toUInt64({elsewhere}))",
                regions.join(", "),
                rates.join(", ")
            )
        };
        format!(
            "if(platform = {} AND billed_ns != 0 AND memory_bytes != 0,
                toUInt64(intDiv(toUInt128(billed_ns) * memory_bytes * if(architecture = {}, {}, {}),
                    toUInt128({}))) + {}, toUInt64(0))",
            self.platform.number(),
            Architecture::Arm64.number(),
            by_region(|rate| rate.arm64),
            by_region(|rate| rate.others),
            GIB * SECOND,
            by_region(|rate| rate.request)
        )
    }
}
