//! `GET /api/v1/map`: who calls whom in a range, with the databases, queues and third parties that send no span.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::{Nanos, UnixNanos};
use coldtrace_store::reader::{Edge, EdgeKind, Peer, PeerKind, Peers};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::params::Params;
use super::{Written, bytes_of, json};
use crate::reply::Decimal;

/// What AWS's SDKs call a function by: the function tells of itself.
const LAMBDA: &str = "Lambda";

/// The schema `ServiceMap`.
#[derive(Serialize)]
struct MapReply<'a> {
    nodes: Vec<NodeReply<'a>>,
    edges: Vec<EdgeReply<'a>>,
    sampled: Decimal,
}

/// The schema `MapNode`.
#[derive(Serialize)]
struct NodeReply<'a> {
    id: &'a str,
    kind: &'static str,
    system: Option<&'a str>,
    name: &'a str,
    function: Option<&'a str>,
    calls: Decimal,
    errors: Decimal,
}

/// The schema `MapEdge`.
#[derive(Serialize)]
struct EdgeReply<'a> {
    from: &'a str,
    to: &'a str,
    kind: &'static str,
    calls: Decimal,
    errors: Decimal,
    p50: Decimal,
    p95: Decimal,
    is_estimated: bool,
}

/// What somebody may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NodeKind {
    Service,
    Database,
    Queue,
    External,
}

#[derive(Debug)]
struct Node {
    kind: NodeKind,
    system: String,
    name: String,
    /// Of those that come in.
    calls: u64,
    errors: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Link {
    from: String,
    to: String,
    kind: EdgeKind,
    calls: u64,
    errors: u64,
    p50: Nanos,
    p95: Nanos,
    is_estimated: bool,
}

#[derive(Debug, Default)]
struct Map {
    /// By their ids.
    nodes: BTreeMap<String, Node>,
    links: Vec<Link>,
    /// What services are called as functions.
    functions: HashMap<String, String>,
    /// Of how many stretches of time one was looked at for those that send no span.
    sampled: u64,
}

pub(super) fn get_map() -> MethodRouter<Api> {
    get(map_of_range)
}

async fn map_of_range(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["from", "to"])?;
    let range = params.range()?.or_last_hour(UnixNanos::now())?;
    let (edges, peers, functions) = tokio::try_join!(
        access.reader.edges(range),
        access.reader.peers(range),
        access.reader.functions_of_services(range)
    )?;
    json(Map {
        functions,
        ..Map::of(&edges, &peers)
    })
    .await
}

// === impl NodeKind ===

impl NodeKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Database => "database",
            Self::Queue => "queue",
            Self::External => "external",
        }
    }
}

// === impl Map ===

impl Map {
    fn of(edges: &[Edge], peers: &Peers) -> Self {
        let mut map = Self {
            sampled: peers.sampled,
            ..Self::default()
        };
        for edge in edges {
            let quantile = |share| Nanos(edge.durations.quantile(share).map_or(0, |it| it.0));
            let link = Link {
                from: map.node(NodeKind::Service, "", &edge.src),
                to: map.node(NodeKind::Service, "", &edge.dst),
                kind: edge.kind,
                calls: edge.calls,
                errors: edge.errors,
                p50: quantile(0.5),
                p95: quantile(0.95),
                is_estimated: false,
            };
            map.link(link);
        }
        let calls = edges.iter().filter(|edge| edge.kind == EdgeKind::Call);
        let callers: BTreeSet<&str> = calls.map(|edge| edge.src.as_str()).collect();
        let own = peers
            .all
            .iter()
            .filter(|peer| peer.kind == PeerKind::IsCalledAt);
        let own: BTreeSet<&str> = own.map(|peer| peer.name.as_str()).collect();
        for peer in &peers.all {
            // Who is called and tells of it is there already.
            let tells_itself = own.contains(peer.name.as_str())
                || (peer.name == LAMBDA && callers.contains(peer.service.as_str()));
            if peer.kind != PeerKind::Calls || !tells_itself {
                map.add(peer);
            }
        }
        map
    }

    fn add(&mut self, peer: &Peer) {
        let (kind, edge) = match peer.kind {
            PeerKind::Database => (NodeKind::Database, EdgeKind::Call),
            PeerKind::SendsTo | PeerKind::TakesFrom => (NodeKind::Queue, EdgeKind::Message),
            PeerKind::Calls => (NodeKind::External, EdgeKind::Call),
            PeerKind::IsCalledAt => return,
        };
        let service = self.node(NodeKind::Service, "", &peer.service);
        let other = self.node(kind, &peer.system, &peer.name);
        let (from, to) = match peer.kind {
            PeerKind::TakesFrom => (other, service),
            _ => (service, other),
        };
        self.link(Link {
            from,
            to,
            kind: edge,
            calls: peer.calls,
            errors: peer.errors,
            p50: peer.p50,
            p95: peer.p95,
            is_estimated: self.sampled > 1,
        });
    }

    /// The id of a node, which is there from now on.
    fn node(&mut self, kind: NodeKind, system: &str, name: &str) -> String {
        let id = match system {
            "" => format!("{}:{name}", kind.as_str()),
            system => format!("{}:{system}/{name}", kind.as_str()),
        };
        self.nodes.entry(id.clone()).or_insert_with(|| Node {
            kind,
            system: system.to_owned(),
            name: name.to_owned(),
            calls: 0,
            errors: 0,
        });
        id
    }

    fn function(&self, node: &Node) -> Option<&str> {
        let function = self.functions.get(&node.name);
        let function = function.filter(|_| node.kind == NodeKind::Service);
        function.map(String::as_str)
    }

    fn link(&mut self, link: Link) {
        if let Some(node) = self.nodes.get_mut(&link.to) {
            node.calls = node.calls.saturating_add(link.calls);
            node.errors = node.errors.saturating_add(link.errors);
        }
        self.links.push(link);
    }
}

impl Written for Map {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let nodes = self.nodes.iter().map(|(id, node)| NodeReply {
            id,
            kind: node.kind.as_str(),
            system: (!node.system.is_empty()).then_some(&node.system),
            name: &node.name,
            function: self.function(node),
            calls: Decimal(node.calls),
            errors: Decimal(node.errors),
        });
        let edges = self.links.iter().map(|link| EdgeReply {
            from: &link.from,
            to: &link.to,
            kind: match link.kind {
                EdgeKind::Call => "call",
                EdgeKind::Message => "message",
            },
            calls: Decimal(link.calls),
            errors: Decimal(link.errors),
            p50: link.p50.into(),
            p95: link.p95.into(),
            is_estimated: link.is_estimated,
        });
        bytes_of(&MapReply {
            nodes: nodes.collect(),
            edges: edges.collect(),
            sampled: Decimal(self.sampled),
        })
    }
}
