//! What rules look at: invocations of many functions, of each minute lately, and of each hour of a month.

use crate::bench::store::{DATABASE, Server};

pub(super) const FUNCTIONS: u64 = 500;
/// Of each function in a minute.
const A_MINUTE: u64 = 10;
/// Until now, and as far ahead: who evaluates later finds something too.
const MINUTES: u64 = 150;
const AHEAD: u64 = 45;
/// Before that, one invocation of each version in each hour, all of them in its first minute.
const HOURS: u64 = 29 * 24;

/// Writes it.
pub(super) fn write(server: &Server) -> anyhow::Result<()> {
    let lately = FUNCTIONS * A_MINUTE * (MINUTES + AHEAD);
    let step = 60_000_000_000 / A_MINUTE;
    insert(
        server,
        &format!(
            "toStartOfMinute(now()) - toIntervalMinute({MINUTES}) + toIntervalNanosecond(intDiv(number, {FUNCTIONS}) * {step})"
        ),
        lately,
    )?;
    insert(
        server,
        &format!(
            "toStartOfHour(now()) - toIntervalHour(3 + intDiv(number, {})) + toIntervalMillisecond(number % 60000)",
            2 * FUNCTIONS
        ),
        2 * FUNCTIONS * HOURS,
    )
}

/// So many, `number` after `number` of all functions, at these times.
fn insert(server: &Server, time: &str, count: u64) -> anyhow::Result<()> {
    server.run(
        &format!(
            "INSERT INTO {DATABASE}.invocations (tenant, keep_days, function, ts, request_id, facts, platform, version, runtime,
                architecture, region, memory_bytes, max_memory_bytes, start_unix_ns, outcome, cold, trigger, duration_ns, billed_ns,
                init_ns)
            SELECT 'default', 30, concat('fn-', toString(number % {FUNCTIONS})), toDateTime64({time}, 9, 'UTC') AS time,
                lower(hex(sipHash128(number, '{count}'))), 7, 1, if(intDiv(number, {FUNCTIONS}) % 2 = 0, '7', '8'), 'python3.12', 1,
                'eu-west-1', 268435456, 134217728 + number % 1000 * 50000, toUnixTimestamp64Nano(time),
                if(cityHash64(number) % 200 = 0, 2, 1), cityHash64(number, 1) % 50 = 0, 1,
                toUInt64(1e8 * exp(0.5 * randNormal(0., 1.))) AS duration, intDiv(duration, 1000000) * 1000000,
                if(cityHash64(number, 1) % 50 = 0, 300000000, 0)
            FROM numbers({count}) SETTINGS max_partitions_per_insert_block = 1000"
        ),
        "",
        &[],
    )?;
    Ok(())
}
