//! What billed time of many invocations costs, at the prices of a platform and region.

use coldtrace_analysis::{NanoDollars, Price};
use coldtrace_model::Platform;
use coldtrace_store::reader::BilledTime;

/// Of invocations at the first tier; nothing where prices are not known.
pub(crate) fn cost(
    platform: Platform,
    region: &str,
    billed: impl IntoIterator<Item = BilledTime>,
) -> Option<NanoDollars> {
    let mut sum = 0_i64;
    for one in billed {
        let price = Price::of(platform, region, one.architecture, 0)?;
        let time = price.of_time(one.billed, one.memory);
        let requests = price.of_requests(one.invocations);
        sum = sum.saturating_add(time.0).saturating_add(requests.0);
    }
    Some(NanoDollars(sum))
}
