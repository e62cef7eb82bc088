//! Tenants that share names, ids and times: whatever one asks, it is told nothing of another.
//!
//! What belongs to a tenant is marked: its texts hold its name, the ids that are its own hold its digits. Every path of
//! `openapi.yaml` is asked with parameters by chance, among them names, ids and cursors of others. A path that never told
//! who asked anything of its own fails too: nothing was looked at there.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coldtrace_control::Scope;
use coldtrace_model::{
    Cold, Invocation, LogRecord, Nanos, Outcome, Phase, PhaseKind, RequestId, Span, SpanKind,
};
use coldtrace_service::metrics::Registry;
use coldtrace_store::Store;
use coldtrace_testkit::{at, engine, invocation, phase, span, trace_id};
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::fixture::Data;
use super::keys::{Keys, get};
use super::openapi::{Description, Endpoint, Parameter};
use super::served::Served;
use super::settle::settling;
use crate::settle::Step;

/// Paths whose answers do not end: what reads one until it has seen enough is a test of its own.
const STREAMS: [&str; 1] = ["/api/v1/tail"];
/// How often each path is asked in each pass.
const ROUNDS: usize = 4;
/// And how often at most, until it has told something.
const PATIENCE: usize = 60;
/// Between two invocations, in milliseconds.
const EVERY: f64 = 20_000.0;

/// A tenant that can be told from what is its own.
struct Marked {
    name: &'static str,
    /// In its own ids; as text they are found in no number that is told.
    digits: u64,
    /// Of the functions that all have.
    invocations: usize,
    /// The group of its errors in the function that all have.
    group: &'static str,
}

const TENANTS: [Marked; 3] = [
    Marked {
        name: "quokka",
        digits: 0xaeae_aeae_aeae_0000,
        invocations: 40,
        group: "ef7ecaf5cbdf3373",
    },
    Marked {
        name: "narwhal",
        digits: 0xbdbd_bdbd_bdbd_0000,
        invocations: 44,
        group: "82808ed176367579",
    },
    Marked {
        name: "axolotl",
        digits: 0xcfcf_cfcf_cfcf_0000,
        invocations: 48,
        group: "c921610ece8c30f0",
    },
];

/// A function with its invocations and traces.
struct Lot<'a> {
    owner: &'a Marked,
    /// Behind every name; empty where all tenants have the same names and ids.
    suffix: String,
    digits: u64,
    invocations: usize,
}

/// A request to the API.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    /// As `openapi.yaml` has it.
    endpoint: String,
    uri: String,
    /// What it was asked with, which a refusal repeats.
    given: Vec<String>,
}

struct Reply {
    status: StatusCode,
    text: String,
}

/// Chance that is the same in every run.
struct Dice(u64);

/// Everything that is asked, and by whom.
struct Asking {
    served: Served,
    keys: Vec<String>,
    endpoints: Vec<Endpoint>,
    /// How often all was asked.
    passes: u64,
    /// The paths at which who asked was told something of its own.
    told: BTreeSet<String>,
}

#[tokio::test]
async fn whatever_is_asked_a_tenant_is_told_nothing_of_another() {
    let engine = engine::start().await;
    let store = engine.store();
    let mut keys = Keys::new();
    let secrets = TENANTS.map(|tenant| keys.make(tenant.name, Scope::Read, None));
    let mut asking = Asking::new(keys.serve(&store), secrets.to_vec());

    TENANTS[0].fill(&store).await;
    settle(&store).await;
    let alone = asking.all(0).await;
    TENANTS[1].fill(&store).await;
    TENANTS[2].fill(&store).await;
    // Once where others are in base tables alone, once where all is settled.
    asking.again(0, &alone).await;
    asking.all(1).await;
    settle(&store).await;
    asking.again(0, &alone).await;
    asking.all(2).await;
    asking.until_told(2).await;
    engine.stop().await;
}

/// All that can be got, but for alerts and keys: whose those are is tested where they are.
fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = Description::read().endpoints();
    endpoints.retain(|endpoint| {
        let is_of = |part| endpoint.path.starts_with(part);
        !is_of("/api/v1/alerts") && !is_of("/api/v1/keys")
    });
    endpoints
}

#[test]
fn what_does_not_end_is_known() {
    let endpoints = endpoints();
    let streams = endpoints.iter().filter(|endpoint| !endpoint.ends);
    let streams: Vec<&str> = streams.map(|endpoint| endpoint.path.as_str()).collect();
    assert_eq!(streams, STREAMS);
}

/// Derives what counts and where the time went, and looks for findings.
async fn settle(store: &Store) {
    let mut settle = settling(store, &Registry::new());
    let now = at(2.0 * 3_600_000.0);
    while settle.step(now).await.expect("a step") == Step::More {}
    while settle.derive_paths(now).await.expect("a window") == Step::More {}
    while settle.look_at_a_function(now).await.expect("a look") == Step::More {}
}

// === impl Marked ===

impl Marked {
    async fn fill(&self, store: &Store) {
        let data = Data::of_tenant(store, self.name);
        for lot in [self.shared(), self.own()] {
            let what = format!("lot{}", lot.suffix);
            let (told, spans) = (0..lot.invocations).map(|number| lot.one(number)).unzip();
            let (told, spans): (Vec<Invocation>, Vec<Vec<Span>>) = (told, spans);
            data.facts(&what, &told).await;
            data.spans(&what, &spans.concat()).await;
        }
        let started = Phase {
            request_id: RequestId::parse("order-0").ok(),
            error_type: format!("{}.Slow", self.name),
            ..phase(PhaseKind::Init, -900.0, 0.0)
        };
        data.phase("checkout", "sandbox-0", &started).await;
        let lines = (0..20).map(|number| LogRecord {
            time: at(f64::from(number) * EVERY + 5.0),
            severity: 9,
            body: format!("{} has a new order", self.name),
            request_id: RequestId::parse(&format!("order-{number}")).ok(),
            trace_id: Some(trace_id(0x2000 + number as u128)),
            span_id: None,
            source: "function".to_owned(),
            attributes: Vec::new(),
        });
        let lines: Vec<LogRecord> = lines.collect();
        data.logs("checkout", "sandbox-0", &lines).await;
    }

    /// What all tenants have under the same names and ids.
    fn shared(&self) -> Lot<'_> {
        Lot {
            owner: self,
            suffix: String::new(),
            digits: 0,
            invocations: self.invocations,
        }
    }

    fn own(&self) -> Lot<'_> {
        Lot {
            owner: self,
            suffix: format!("-{}", self.name),
            digits: self.digits,
            invocations: self.invocations / 3,
        }
    }

    /// Whether a text holds anything that is this tenant's alone.
    fn is_in(&self, text: &str) -> bool {
        let digits = format!("{:x}", self.digits >> 16);
        text.contains(self.name) || text.contains(&digits)
    }
}

// === impl Lot ===

impl Lot<'_> {
    fn function(&self) -> String {
        format!("checkout{}", self.suffix)
    }

    fn request(&self, number: usize) -> String {
        format!("order{}-{number}", self.suffix)
    }

    fn trace(&self, number: usize) -> u128 {
        u128::from(self.digits) << 64 | (0x2000 + number as u128)
    }

    /// A call of a dependency five times over, every tenth after a cold start, every fifth long and with a plan that tells why.
    fn one(&self, number: usize) -> (Invocation, Vec<Span>) {
        let name = self.owner.name;
        let (request, trace) = (self.request(number), self.trace(number));
        let (is_cold, is_slow) = (number.is_multiple_of(10), number % 5 == 3);
        let begin = number as f64 * EVERY;
        let end = begin + if is_slow { 900.0 } else { 300.0 };
        let sandbox = format!("sandbox{}-{}", self.suffix, number / 10);
        let told = invocation(&request)
            .function(&self.function())
            .sandbox(&sandbox)
            .started(begin)
            .ended(if is_slow { Outcome::Error } else { Outcome::Ok }, end)
            .platform_span(trace, self.digits | 1)
            .with(|told| {
                told.version = format!("7-{name}");
                told.runtime = format!("python-{name}");
                told.region = format!("region-{name}");
                told.account = format!("account-{name}");
                told.instance = format!("instance-{name}");
                told.error_type = format!("{name}.Slow");
                if is_cold {
                    told.cold = Cold::OnDemand;
                    told.init = Some(Nanos::from_millis(900));
                }
            });
        let service = format!("shop{}", self.suffix);
        let of = |id: u64, name: &str| {
            let of = span(name).trace(trace).id(self.digits | id);
            let of = of.service(&service).sandbox(&sandbox).request(&request);
            of.scope(&format!("scope {}", self.owner.name))
        };
        let handler = of(2, &format!("handle {name}"))
            .kind(SpanKind::Server)
            .at(begin + 1.0, end)
            .attribute("faas.invocation_id", request.as_str())
            .attribute("region", format!("region-{name}").as_str())
            .attribute(name, name)
            .event(&format!("charged by {name}"), begin + 2.0)
            // Two and two are one journey.
            .link(self.trace(number / 2 * 2), self.digits | 2)
            .resource_attribute("owner", name);
        let handler = match is_slow {
            true => handler
                .attribute("plan", format!("gold-{name}").as_str())
                .failed(&format!("{name} is slow")),
            false => handler,
        };
        let mut spans = vec![handler.build()];
        for call in 0..5_u32 {
            let from = begin + 10.0 + f64::from(call) * 50.0;
            let select = of(10 + u64::from(call), &format!("SELECT {name}"));
            let select = select.under(self.digits | 2).kind(SpanKind::Client);
            let select = select.attribute("db.query.text", format!("SELECT {name}").as_str());
            let select = select.attribute("db.system.name", format!("sql-{name}").as_str());
            let select = select.attribute("db.namespace", format!("orders of {name}").as_str());
            spans.push(select.at(from, from + 48.0).build());
        }
        (told.build(), spans)
    }
}

// === impl Endpoint ===

impl Endpoint {
    /// So many, the same in every run, whatever other endpoints there are.
    fn questions(&self, pass: u64, count: usize) -> Vec<Question> {
        let seed = self.path.bytes().fold(pass + 1, |seed, byte| {
            seed.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte)
        });
        let mut dice = Dice(seed);
        (0..count).map(|_| dice.question(self)).collect()
    }
}

// === impl Dice ===

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.roll(texts.len())]
    }

    /// What the parameter may be. Of those that are no texts the description says enough; what is not known here by its name is
    /// given any text of any tenant.
    fn value(&mut self, parameter: &Parameter) -> String {
        let schema = &parameter.schema;
        if let Some(known) = schema["enum"].as_array() {
            let known: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
            return self.one_of(&known).to_owned();
        }
        match (parameter.name.as_str(), schema["type"].as_str()) {
            (_, Some("boolean")) => self.one_of(&["true", "false"]).to_owned(),
            (_, Some("integer")) => self.one_of(&["1", "2", "7", "1000"]).to_owned(),
            (_, Some("number")) => self.one_of(&["0.05", "0.5"]).to_owned(),
            // Mostly all that there is.
            ("from", _) => self.time(&[0, 0, 0, 20]),
            ("to", _) => self.time(&[180, 180, 180, 30]),
            ("since", _) => self.time(&[0, 10]),
            ("until", _) => self.time(&[20, 40]),
            ("min_duration", _) => self.one_of(&["1", "500000000"]).to_owned(),
            ("max_duration", _) => self.one_of(&["500000000", "900000000"]).to_owned(),
            ("outcome", _) => self.one_of(&["ok", "error", "error,timeout"]).to_owned(),
            ("q", _) => self.query(),
            (name, _) => self.text(name),
        }
    }

    fn time(&mut self, minutes: &[u32]) -> String {
        let minute = minutes[self.roll(minutes.len())];
        at(f64::from(minute) * 60_000.0).0.to_string()
    }

    /// A name or an id, of anybody.
    fn text(&mut self, parameter: &str) -> String {
        let owner = &TENANTS[self.roll(TENANTS.len())];
        let lot = match self.roll(2) {
            0 => owner.shared(),
            _ => owner.own(),
        };
        let number = self.roll(lot.invocations);
        let all = [
            ("function", lot.function()),
            ("service", format!("shop{}", lot.suffix)),
            ("request_id", lot.request(number)),
            ("trace_id", trace_id(lot.trace(number)).to_string()),
            ("version", format!("7-{}", owner.name)),
            ("group", owner.group.to_owned()),
            ("", owner.name.to_owned()),
        ];
        let known = all.iter().find(|(name, _)| *name == parameter);
        let any = self.roll(all.len());
        known.unwrap_or(&all[any]).1.clone()
    }

    fn query(&mut self) -> String {
        let name = TENANTS[self.roll(TENANTS.len())].name;
        let queries = [
            "{}".to_owned(),
            "{ status = error } | select(.plan)".to_owned(),
            "{ .region != nil } >> { kind = client }".to_owned(),
            "{} | by(resource.service.name) | count() > 2".to_owned(),
            format!("{{ .plan = \"gold-{name}\" }}"),
            format!("{{ name =~ \".*{name}.*\" }}"),
            format!("{{ .{name} != nil }}"),
            format!("{{ resource.service.name = \"shop-{name}\" }}"),
            format!("{{ name = \"SELECT {name}\" && oops }}"),
        ];
        queries[self.roll(queries.len())].clone()
    }

    /// What must be given, the range, and up to two of what may be: more would hardly ever find anything together.
    fn question(&mut self, endpoint: &Endpoint) -> Question {
        let mut uri = endpoint.path.clone();
        let (mut query, mut given) = (String::new(), Vec::new());
        // Cursors are those that were told: they are asked with where they come.
        let parameters = endpoint
            .parameters
            .iter()
            .filter(|one| one.name != "cursor");
        let (needed, free): (Vec<&Parameter>, Vec<&Parameter>) = parameters
            .partition(|one| one.is_required || ["from", "to"].contains(&one.name.as_str()));
        let chosen: BTreeSet<usize> = (0..self.roll(3).min(free.len()))
            .map(|_| self.roll(free.len()))
            .collect();
        let chosen = chosen.into_iter().map(|place| free[place]);
        for parameter in needed.into_iter().chain(chosen) {
            let value = self.value(parameter);
            if parameter.is_in_path {
                let place = format!("{{{}}}", parameter.name);
                uri = uri.replace(&place, &encoded(&value));
            } else {
                query = format!("{query}&{}={}", parameter.name, encoded(&value));
            }
            given.push(value);
        }
        Question {
            endpoint: endpoint.path.clone(),
            uri: format!("{uri}?{}", query.trim_start_matches('&')),
            given,
        }
    }
}

/// As a part of an address.
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let letters = text.bytes().map(|byte| match plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    letters.collect()
}

// === impl Asking ===

impl Asking {
    fn new(served: Served, keys: Vec<String>) -> Self {
        Self {
            served,
            keys,
            endpoints: endpoints(),
            passes: 0,
            told: BTreeSet::new(),
        }
    }

    /// Asks for everything with this tenant's key. What has a next page is asked for it with everybody's.
    async fn all(&mut self, tenant: usize) -> BTreeMap<Question, Reply> {
        let mut replies = BTreeMap::new();
        let questions: Vec<Question> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.ends)
            .flat_map(|endpoint| endpoint.questions(self.passes, ROUNDS))
            .collect();
        self.passes += 1;
        for question in questions {
            let reply = self.one(tenant, &question).await;
            if let Some(next) = reply.next(&question) {
                for reader in 0..TENANTS.len() {
                    self.one(reader, &next).await;
                }
            }
            replies.insert(question, reply);
        }
        replies
    }

    /// Asks on where nobody was told anything of its own yet: what is asked by chance may miss it a few times.
    async fn until_told(&mut self, tenant: usize) {
        let ends = self.endpoints.iter().filter(|endpoint| endpoint.ends);
        let asked = ends.map(|endpoint| {
            let questions = endpoint.questions(self.passes, PATIENCE);
            (endpoint.path.clone(), questions)
        });
        let asked: Vec<(String, Vec<Question>)> = asked.collect();
        for (path, questions) in asked {
            for question in questions {
                if !self.told.contains(&path) {
                    self.one(tenant, &question).await;
                }
            }
            let is_told = self.told.contains(&path);
            assert!(is_told, "{path} told nobody of its own");
        }
    }

    /// Asks for the same again: what others did meanwhile changed nothing.
    async fn again(&mut self, tenant: usize, before: &BTreeMap<Question, Reply>) {
        for (question, before) in before {
            let reply = self.one(tenant, question).await;
            assert_eq!(reply.text, before.text, "{}", question.uri);
        }
    }

    async fn one(&mut self, tenant: usize, question: &Question) -> Reply {
        let key = [("x-api-key", self.keys[tenant].as_str())];
        let reply = self.served.ask(get(&question.uri, &key)).await;
        let status = reply.status();
        let body = reply.into_body().collect().await.expect("a body");
        let text = String::from_utf8(body.to_bytes().to_vec()).expect("text");
        let reply = Reply { status, text };
        assert!(
            !status.is_server_error(),
            "{}: {}",
            question.uri,
            reply.text
        );
        let told = reply.beside(question);
        for (number, other) in TENANTS.iter().enumerate() {
            let is_theirs = number != tenant && other.is_in(&told);
            assert!(
                !is_theirs,
                "{} tells of {}: {told}",
                question.uri, other.name
            );
        }
        let own = &TENANTS[tenant];
        if status == StatusCode::OK && own.is_in(&told) {
            self.told.insert(question.endpoint.clone());
        }
        reply
    }
}

// === impl Reply ===

impl Reply {
    /// All that it tells, of a cursor what is in it. A refusal repeats what was asked; an answer has no reason to.
    fn beside(&self, question: &Question) -> String {
        let mut told = self.text.clone();
        if let Some(contents) = self
            .cursor()
            .and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok())
        {
            told.push_str(&String::from_utf8_lossy(&contents));
        }
        if self.status == StatusCode::OK {
            return told;
        }
        let repeated = question.given.iter();
        repeated.fold(told, |told, given| told.replace(given.as_str(), ""))
    }

    fn cursor(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.text).expect("JSON");
        body["next_cursor"].as_str().map(str::to_owned)
    }

    /// The same question for the next page.
    fn next(&self, question: &Question) -> Option<Question> {
        let cursor = self.cursor()?;
        let mut next = question.clone();
        next.uri = format!("{}&cursor={cursor}", question.uri);
        next.given.push(cursor);
        Some(next)
    }
}
