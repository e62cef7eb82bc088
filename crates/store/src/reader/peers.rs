//! Whom services talk to that sends no spans itself: databases, queues, third parties, as the callers' spans name them.
//!
//! No rollup counts it. A range of up to two hours is read whole; of a longer one, stretches of five minutes that are spread
//! evenly over it, and what was counted is multiplied. Invariant: what was multiplied says so.

use clickhouse::Row;
use coldtrace_model::{Nanos, TimeRange};
use serde::Deserialize;

use super::{ReadError, Reader, sql};
use crate::reader::sql::{BUCKET_SECONDS, SECOND};

/// Stretches that are read.
const MOST_STRETCHES: u64 = 24;
/// Different peers of an answer; what is a peer is a stranger's choice.
const MOST_PEERS: u32 = 2_000;

/// What a service is to a peer, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKind {
    /// The service asks a database.
    Database,
    /// The service sends to a queue or a topic.
    SendsTo,
    /// The service takes from a queue or a topic.
    TakesFrom,
    /// The service calls something else: by HTTP, by RPC.
    Calls,
    /// The service is called under this address.
    IsCalledAt,
}

/// Calls between a service and a peer.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// Whose spans tell of it.
    pub service: String,
    /// What it is.
    pub kind: PeerKind,
    /// `postgresql`, `aws_sqs`; empty where no span says.
    pub system: String,
    /// The database, the destination, the address.
    pub name: String,
    /// How often.
    pub calls: u64,
    /// How many of them failed.
    pub errors: u64,
    /// Median of their durations.
    pub p50: Nanos,
    /// Their 95th percentile.
    pub p95: Nanos,
}

/// The peers of a range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peers {
    /// By service, kind and name.
    pub all: Vec<Peer>,
    /// Numbers were multiplied by so much: 1 where everything was read.
    pub sampled: u64,
}

#[derive(Row, Deserialize)]
struct PeerRow {
    service: String,
    what: u8,
    system: String,
    name: String,
    calls: u64,
    errors: u64,
    spread: Vec<f64>,
}

impl Reader {
    /// Whom the services of a range talk to. At most two thousand peers, those that are called most.
    pub async fn peers(&self, range: TimeRange) -> Result<Peers, ReadError> {
        let (buckets, sampled) = stretches(range);
        let some = match sampled {
            1 => String::new(),
            _ => format!(" AND toUnixTimestamp(bucket) IN {}", sql::numbers(buckets)),
        };
        let mut names: Vec<String> = Vec::new();
        // An attribute that is not there has place 0, where no value stands.
        let mut of = |wanted: &[&str]| {
            let cases = wanted.iter().map(|name| {
                names.push(sql::text(name));
                let value = format!("values[places[{}]]", names.len());
                format!("{value} != '', {value}, ")
            });
            format!("multiIf({}'')", cases.collect::<String>())
        };
        let database = of(&["db.system.name", "db.system"]);
        let messaging = of(&["messaging.system"]);
        let destination = of(&["messaging.destination.name", "messaging.destination"]);
        let operation = of(&["messaging.operation.type", "messaging.operation"]);
        let rpc = of(&["rpc.system.name", "rpc.system"]);
        let rpc_service = of(&["rpc.service"]);
        let stored = of(&[
            "db.namespace",
            "db.name",
            "aws.dynamodb.table_names",
            "server.address",
            "net.peer.name",
        ]);
        let address = of(&[
            "server.address",
            "net.peer.name",
            "http.host",
            "peer.service",
        ]);
        let port = of(&["server.port", "net.peer.port"]);
        let whole = of(&["url.full", "http.url"]);
        let own = of(&["server.address", "http.host", "net.host.name"]);
        let own_port = of(&["server.port", "net.host.port"]);
        let names = names.join(", ");
        let looked_at = format!(
            "{} AND {}{some} AND spans.kind IN (2, 3, 4, 5) AND phase = '' AND attr_values != ''",
            self.owned(),
            sql::within(range)
        );
        // Millions of spans have the same few lists of keys: where each key stands is looked up once for each list.
        let places = format!(
            "SELECT keys, arrayMap(name -> indexOf(splitByChar('\\xFF', keys), name), [{names}]) AS places
            FROM (SELECT DISTINCT toString(attr_keys) AS keys FROM spans WHERE {looked_at})"
        );
        let rows: Vec<PeerRow> = self
            .rows(&format!(
                "SELECT service, what, system, name, count() AS calls, countIf(status = 2) AS errors,
                    quantiles(0.5, 0.95)(greatest(duration_ns, 0)) AS spread
                FROM (
                    SELECT CAST(spans.service, 'String') AS service, status, duration_ns,
                        splitByChar('\\xFF', attr_values) AS values,
                        {database} AS db, {messaging} AS queue, {rpc} AS remote, {rpc_service} AS called,
                        multiIf(
                            spans.kind = 2, 5,
                            spans.kind = 5, if(queue != '', 3, 0),
                            db != '', 1,
                            queue != '' OR spans.kind = 4, if({operation} IN ('receive', 'process', 'settle'), 3, 2),
                            4) AS what,
                        multiIf(what = 1, db, what IN (2, 3), queue, remote = 'aws-api', 'aws', '') AS system,
                        multiIf(
                            what = 1, {stored},
                            what IN (2, 3), {destination},
                            what = 5, {with_own_port},
                            remote != '' AND called != '', called,
                            {whole} != '', {host},
                            {with_port}) AS name
                    FROM (
                        SELECT service, status, duration_ns, kind, attr_values, toString(attr_keys) AS keys
                        FROM spans WHERE {looked_at}
                    ) AS spans INNER JOIN ({places}) AS places USING (keys)
                )
                WHERE what != 0 AND name != ''
                GROUP BY service, what, system, name
                ORDER BY calls DESC, service, what, system, name LIMIT {MOST_PEERS}",
                host = with_port(&format!("domainRFC({whole})"), &format!("toString(nullIf(port({whole}), 0))")),
                with_port = with_port(&address, &port),
                with_own_port = with_port(&own, &own_port),
            ))
            .await?;
        let mut all: Vec<Peer> = rows
            .into_iter()
            .filter_map(|row| row.into_peer(sampled))
            .collect();
        all.sort_by(|a, b| {
            let key = |peer: &Peer| (peer.service.clone(), peer.kind, peer.name.clone());
            key(a).cmp(&key(b))
        });
        Ok(Peers { all, sampled })
    }
}

/// `host:port`, without the port of the web and where the host has one already.
fn with_port(address: &str, port: &str) -> String {
    format!(
        "if(ifNull({port}, '') IN ('', '80', '443') OR {address} = '' OR position({address}, ':') != 0, {address}, concat({address}, ':', assumeNotNull({port})))"
    )
}

/// Which buckets of the range are read, in Unix seconds, and of how many each is one.
fn stretches(range: TimeRange) -> (Vec<u64>, u64) {
    let bucket = |time: u64| time / SECOND / BUCKET_SECONDS;
    let (first, last) = (bucket(range.from.0), bucket(range.to.0.saturating_sub(1)));
    let count = last.saturating_sub(first) + 1;
    let every = count.div_ceil(MOST_STRETCHES).max(1);
    // The last is among them: what is new is asked about most.
    let read = (0..count.div_ceil(every)).map(|place| (last - place * every) * BUCKET_SECONDS);
    (read.collect(), every)
}

// === impl PeerRow ===

impl PeerRow {
    fn into_peer(self, sampled: u64) -> Option<Peer> {
        let quantile =
            |place: usize| Nanos(self.spread.get(place).map_or(0, |&nanos| nanos as u64));
        Some(Peer {
            kind: match self.what {
                1 => PeerKind::Database,
                2 => PeerKind::SendsTo,
                3 => PeerKind::TakesFrom,
                4 => PeerKind::Calls,
                5 => PeerKind::IsCalledAt,
                _ => return None,
            },
            p50: quantile(0),
            p95: quantile(1),
            service: self.service,
            system: self.system,
            name: self.name,
            calls: self.calls.saturating_mul(sampled),
            errors: self.errors.saturating_mul(sampled),
        })
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_model::UnixNanos;

    use super::*;

    fn read(minutes: u64) -> (Vec<u64>, u64) {
        let to = 1_000 * BUCKET_SECONDS * SECOND;
        stretches(TimeRange {
            from: UnixNanos(to - minutes * 60 * SECOND),
            to: UnixNanos(to),
        })
    }

    #[test]
    fn two_hours_are_read_whole_and_of_more_as_many_stretches() {
        assert_eq!(read(10), (vec![999 * 300, 998 * 300], 1));
        let (buckets, every) = read(120);
        assert_eq!((buckets.len(), every), (24, 1));
        let (buckets, every) = read(24 * 60);
        assert_eq!((buckets.len(), every), (24, 12));
        assert_eq!(buckets[0], 999 * 300);
        assert_eq!(buckets[1], 987 * 300);
        let nothing = stretches(TimeRange {
            from: UnixNanos(0),
            to: UnixNanos(0),
        });
        assert_eq!(nothing, (vec![0], 1));
    }
}
