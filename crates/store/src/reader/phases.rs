//! Phases of sandboxes outside the handler: init, restore.

use clickhouse::Row;
use coldtrace_model::{
    Invocation, Nanos, Outcome, Phase, PhaseKind, RequestId, SandboxId, TimeRange, UnixNanos,
};
use serde::Deserialize;

use super::{ReadError, Reader, sql};

/// How long before and after its invocation a phase may have begun: provisioned sandboxes may wait long before the
/// first, and an init may be repeated within it.
const SLACK: Nanos = Nanos::from_millis(60 * 60 * 1_000);

/// A phase with the sandbox that it happened in.
#[derive(Clone, Debug, PartialEq)]
pub struct SandboxPhaseRow {
    /// Its sandbox.
    pub sandbox_id: SandboxId,
    /// The sandbox's function.
    pub function: String,
    /// What happened.
    pub phase: Phase,
}

#[derive(Row, Deserialize)]
struct PhaseRecord {
    function: String,
    sandbox_id: String,
    kind: u8,
    start: u64,
    duration_ns: u64,
    outcome: u8,
    error_type: String,
    request_id: String,
}

impl Reader {
    /// The phases for which these invocations waited, as far as the phases or their sandboxes tell; in order of time.
    pub async fn phases_of(
        &self,
        invocations: &[Invocation],
    ) -> Result<Vec<SandboxPhaseRow>, ReadError> {
        let Some(range) = range_of(invocations) else {
            return Ok(Vec::new());
        };
        let functions = invocations.iter().map(|one| one.function.as_str());
        let requests = invocations.iter().map(|one| one.request_id.as_str());
        // What was told before an invocation was known names none: it is the sandbox's first that waited.
        let sandboxes = invocations
            .iter()
            .filter(|one| one.cold != Default::default())
            .filter_map(|one| one.sandbox_id.as_ref().map(SandboxId::as_str))
            .chain([""]);
        let records: Vec<PhaseRecord> = self
            .rows(&format!(
                "SELECT function, sandbox_id, kind, toUInt64(toUnixTimestamp64Nano(ts)) AS start,
                    max(p.duration_ns) AS duration_ns, max(p.outcome) AS outcome,
                    max(p.error_type) AS error_type, max(p.request_id) AS request_id
                FROM phases AS p WHERE {} AND function IN {} AND {} AND sandbox_id != ''
                GROUP BY function, ts, sandbox_id, kind
                HAVING request_id IN {} OR (request_id = '' AND sandbox_id IN {})
                ORDER BY ts, sandbox_id, kind",
                self.owned(),
                sql::texts(functions),
                sql::within_moments(range),
                sql::texts(requests),
                sql::texts(sandboxes)
            ))
            .await?;
        Ok(records
            .into_iter()
            .filter_map(PhaseRecord::into_row)
            .collect())
    }
}

fn range_of(invocations: &[Invocation]) -> Option<TimeRange> {
    let times = invocations.iter().map(|one| one.filed_at.min(one.start));
    let last = invocations.iter().map(|one| one.filed_at.max(one.start));
    Some(TimeRange {
        from: times.min()?.minus(SLACK),
        to: last.max()?.plus(SLACK),
    })
}

// === impl PhaseRecord ===

impl PhaseRecord {
    /// `None` for a kind that this version does not know.
    fn into_row(self) -> Option<SandboxPhaseRow> {
        Some(SandboxPhaseRow {
            sandbox_id: SandboxId::parse(&self.sandbox_id).ok()?,
            function: self.function,
            phase: Phase {
                kind: PhaseKind::from_number(self.kind)?,
                start: UnixNanos(self.start),
                duration: Nanos(self.duration_ns),
                outcome: Outcome::from_number(self.outcome).unwrap_or_default(),
                error_type: self.error_type,
                request_id: RequestId::parse(&self.request_id).ok(),
            },
        })
    }
}
