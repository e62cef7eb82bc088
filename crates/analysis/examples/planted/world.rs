//! A function, its invocations and their traces, with one fault or none.

use coldtrace_analysis::{
    Evidence, Fault, Messages, Observed, SandboxLife, SandboxPhase, VersionCount, profile, rebuild,
};
use coldtrace_model::{
    ByteSize, Cold, Invocation, Nanos, Outcome as End, PhaseKind, RequestId, SandboxId, Span,
    SpanKind, TimeRange,
};
use coldtrace_testkit::{SpanBuilder, at, invocation, phase, span};

use crate::draws::Draws;

const INVOCATIONS: u64 = 1_000;
/// Milliseconds from one to the next.
const EVERY: f64 = 20_000.0;
/// Invocations of a sandbox that does not end.
const LIFE: u64 = 50;
const DEADLINE: f64 = 6_000.0;
/// Megabytes with which a function has one whole processor.
const ONE_CPU: f64 = 1_769.0;
/// Dollars of a GB-second of x86-64.
const GB_SECOND: f64 = 0.000_016_666_7;

/// Whom a function calls.
const PEERS: [&str; 4] = ["prices", "stock", "customers", "taxes"];
/// And one after the other, where that is its fault.
const PARTS: [&str; 4] = ["reviews", "offers", "images", "related"];

/// Numbers that are drawn for each invocation.
#[derive(Clone, Copy)]
enum For {
    Fault = 1,
    Work,
    Cold,
    Init,
    Extensions,
    Cpu,
    Error,
    Count,
    Calls = 100,
    Extra = 200,
}

/// A function.
pub(crate) struct World {
    pub(crate) function: String,
    draws: Draws,
    planted: Option<Fault>,
    /// The fault is there.
    is_on: bool,
    /// In megabytes.
    memory: f64,
    most_used: f64,
    /// Of its own, in milliseconds, between two calls.
    work: f64,
    /// The dependencies' usual lengths, in milliseconds.
    calls: Vec<f64>,
    /// Which share of invocations the fault is seen in.
    share: f64,
    /// How bad it is, from 0 to 1.
    degree: f64,
}

/// What became of an invocation.
pub(crate) struct Outcome {
    /// Milliseconds that somebody waited for it.
    pub(crate) latency: f64,
    pub(crate) failed: bool,
}

/// One invocation in the making.
struct Made {
    number: u64,
    spans: Vec<Span>,
    /// Milliseconds since the epoch.
    start: f64,
    now: f64,
    next_id: u64,
    cpu: f64,
    timed_out: bool,
}

// === impl World ===

impl World {
    pub(crate) fn new(draws: Draws, planted: Option<Fault>) -> Self {
        let of = |purpose| draws.of(1_000_000 + purpose);
        let mut memory = [512.0, 1_024.0][of(1).whole(0, 1) as usize];
        let mut used = of(2).between(0.6, 0.8);
        let mut work = of(3).between(5.0, 15.0);
        match planted {
            Some(Fault::CpuStarved) => {
                memory = [128.0, 256.0, 512.0][of(4).whole(0, 2) as usize];
                work = of(5).between(10.0, 30.0);
            }
            Some(Fault::OverProvisioned) => {
                memory = [1_024.0, 2_048.0, 3_072.0][of(4).whole(0, 2) as usize];
                used = of(5).between(0.08, 0.25);
            }
            Some(Fault::MemoryLeak) => memory = 512.0,
            _ => {}
        }
        let dependencies = of(6).whole(2, 4);
        let calls = (0..dependencies).map(|call| of(10 + call).between(15.0, 40.0));
        let (low, high) = match planted {
            Some(Fault::Timeouts) => (0.01, 0.05),
            Some(Fault::Retries | Fault::SlowDependency) => (0.06, 0.25),
            Some(Fault::ColdStarts | Fault::InitPhase) => (0.06, 0.2),
            Some(Fault::DuplicateProcessing) => (0.02, 0.1),
            Some(Fault::ErrorRegression) => (0.05, 0.2),
            _ => (0.3, 1.0),
        };
        Self {
            function: format!("function-{}", of(7).whole(0, 9_999)),
            draws,
            planted,
            is_on: planted.is_some(),
            memory,
            most_used: memory * used,
            work,
            calls: calls.collect(),
            share: of(8).between(low, high),
            degree: of(9).part(),
        }
    }

    /// The same function without its fault.
    pub(crate) fn without(&self) -> Self {
        let mut other = Self::new(self.draws, self.planted);
        other.is_on = false;
        match self.planted {
            Some(Fault::CpuStarved) => other.memory = ONE_CPU,
            Some(Fault::OverProvisioned) => {
                // As much as somebody would give it who knows what it needs.
                let room = self.draws.of(2_000_000).between(1.25, 1.4);
                other.memory = (self.most_used * room / 64.0).ceil().max(2.0) * 64.0;
            }
            _ => {}
        }
        other
    }

    fn has(&self, fault: Fault, number: u64) -> bool {
        self.is_on
            && self.planted == Some(fault)
            && self.drawn(number, For::Fault, 0).happens(self.share)
    }

    fn is(&self, fault: Fault) -> bool {
        self.is_on && self.planted == Some(fault)
    }

    fn drawn(&self, number: u64, purpose: For, which: u64) -> Draws {
        self.draws.of(number).of(purpose as u64 + which)
    }

    fn cpu_share(&self) -> f64 {
        (self.memory / ONE_CPU).min(1.0)
    }

    // --- what happens

    /// The traces of an invocation, and what it used.
    fn trace(&self, number: u64) -> Made {
        let mut made = Made::new(number);
        self.work(&mut made, 0);
        self.own_fault(&mut made);
        if made.timed_out {
            return made;
        }
        for (call, &median) in self.calls.iter().enumerate() {
            let length = self
                .drawn(number, For::Calls, call as u64)
                .around(median, 0.3);
            let is_slow = call == 0 && self.has(Fault::SlowDependency, number);
            let length = match is_slow {
                true => length * (8.0 + 12.0 * self.degree),
                false => length,
            };
            made.call("GET", PEERS[call], length);
            self.work(&mut made, call as u64 + 1);
        }
        made
    }

    fn work(&self, made: &mut Made, which: u64) {
        let length = self
            .drawn(made.number, For::Work, which)
            .around(self.work, 0.3);
        let is_about_cpu = self.planted == Some(Fault::CpuStarved);
        let (wall, cpu) = match is_about_cpu {
            // All of it needs a processor, of which there is a share.
            true => (length / self.cpu_share(), length),
            false => {
                let busy = self.drawn(made.number, For::Cpu, which).between(0.2, 0.5);
                (length, length * busy * (self.cpu_share().min(0.4)))
            }
        };
        made.now += wall;
        made.cpu += cpu;
    }

    fn own_fault(&self, made: &mut Made) {
        let number = made.number;
        let extra = |which| self.drawn(number, For::Extra, which);
        if self.planted == Some(Fault::RepeatedCalls)
            && self.drawn(number, For::Fault, 0).happens(self.share)
        {
            let times = match self.is_on {
                true => self.drawn(number, For::Count, 0).whole(8, 20),
                // One that asks for all of them.
                false => 1,
            };
            for which in 0..times {
                made.call("SELECT item", "items", extra(which).around(6.0, 0.3));
                made.now += 0.3;
            }
        }
        if self.planted == Some(Fault::SerialCalls)
            && self.drawn(number, For::Fault, 0).happens(self.share)
        {
            let lengths: Vec<f64> = (0..4).map(|which| extra(which).around(30.0, 0.4)).collect();
            match self.is_on {
                true => {
                    for (which, &length) in lengths.iter().enumerate() {
                        made.call("POST", PARTS[which], length);
                        made.now += 0.1;
                    }
                }
                false => made.now += lengths.iter().copied().fold(0.0, f64::max),
            }
            // What comes next is no part of it.
            made.now += 5.0;
        }
        if self.has(Fault::Retries, number) {
            let attempts = self.drawn(number, For::Count, 0).whole(1, 3);
            for attempt in 0..attempts {
                made.failing_call("charge", "bank", extra(attempt).around(40.0, 0.3));
                made.now += 50.0 * f64::from(1_u32 << attempt);
            }
        }
        if self.planted == Some(Fault::Retries) {
            made.call("charge", "bank", extra(9).around(40.0, 0.3));
        }
        if self.has(Fault::Timeouts, number) {
            made.hanging_call("GET stock", "warehouse");
        }
        if self.has(Fault::Recursion, number) {
            let depth = self.drawn(number, For::Count, 0).whole(2, 4);
            made.recursion(&self.function, depth, |which| {
                extra(which).around(25.0, 0.3)
            });
        }
    }

    /// How long its message lay, in milliseconds.
    fn queued(&self, number: u64) -> f64 {
        match self.has(Fault::QueueWait, number) {
            true => self
                .drawn(number, For::Count, 0)
                .around(400.0 + 1_500.0 * self.degree, 0.4),
            false => self.drawn(number, For::Count, 1).between(2.0, 20.0),
        }
    }

    /// Init in whole and that of extensions, if it waited for one.
    fn init(&self, number: u64) -> Option<(f64, f64)> {
        let planted = matches!(self.planted, Some(Fault::ColdStarts | Fault::InitPhase));
        let usual = self.drawn(number, For::Cold, 0).happens(0.003);
        let fault = planted && self.drawn(number, For::Fault, 0).happens(self.share);
        let gone = self.planted == Some(Fault::ColdStarts) && !self.is_on;
        let follows_an_end = self.is(Fault::MemoryLeak)
            && number > 0
            && self.life_of(number).0 != self.life_of(number - 1).0;
        if !(usual || (fault && !gone) || follows_an_end) {
            return None;
        }
        let functions = self
            .drawn(number, For::Init, 0)
            .around(300.0 + 500.0 * self.degree, 0.2);
        let extensions = match self.is(Fault::InitPhase) {
            true => self.drawn(number, For::Extensions, 0).around(800.0, 0.2),
            false => self.drawn(number, For::Extensions, 0).between(10.0, 20.0),
        };
        Some((functions + extensions, extensions))
    }

    /// The sandbox of an invocation, and its place in it.
    fn life_of(&self, number: u64) -> (u64, u64) {
        let life = match self.planted {
            Some(Fault::MemoryLeak) if self.is_on => 30 + (self.degree * 20.0) as u64,
            _ => LIFE,
        };
        (number / life, number % life)
    }

    fn life(&self) -> u64 {
        match self.is(Fault::MemoryLeak) {
            true => 30 + (self.degree * 20.0) as u64,
            false => LIFE,
        }
    }

    /// Most memory so far, in megabytes.
    fn used(&self, number: u64) -> f64 {
        let (_, place) = self.life_of(number);
        let whole = self.life();
        match self.is(Fault::MemoryLeak) {
            true => {
                let first = self.memory * 0.25;
                first + (self.memory - first) * (place + 1) as f64 / whole as f64
            }
            // It fills what it keeps with its first requests.
            false => self.most_used * (0.85 + 0.15 * (place.min(5) as f64 / 5.0)),
        }
    }

    fn fails(&self, number: u64) -> bool {
        let (_, place) = self.life_of(number);
        let usual = self.drawn(number, For::Error, 0).happens(0.005);
        let of_version = self.version(number) == "2" && self.has(Fault::ErrorRegression, number);
        let of_memory = self.is(Fault::MemoryLeak) && place + 1 == self.life();
        usual || of_version || of_memory || self.has(Fault::Timeouts, number)
    }

    fn version(&self, number: u64) -> &'static str {
        match number < INVOCATIONS * 6 / 10 {
            true => "1",
            false => "2",
        }
    }

    // --- what is told of it

    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |number| {
            let made = self.trace(number);
            let init = self.init(number).map_or(0.0, |(whole, _)| whole);
            let queued = match self.planted {
                Some(Fault::QueueWait) => self.queued(number),
                _ => 0.0,
            };
            Outcome {
                latency: made.length() + init + queued,
                failed: self.fails(number),
            }
        };
        (0..INVOCATIONS).map(outcome).collect()
    }

    /// Dollars in 30 days like these.
    pub(crate) fn monthly(&self) -> f64 {
        let again = match self.is(Fault::DuplicateProcessing) {
            // What is done again is not done.
            true => 0.0,
            false if self.planted == Some(Fault::DuplicateProcessing) => self.share,
            false => 0.0,
        };
        let billed: f64 = (0..INVOCATIONS)
            .map(|number| self.trace(number).length().ceil())
            .sum();
        let seconds = billed / 1_000.0 * (1.0 - again);
        let range = INVOCATIONS as f64 * EVERY / 1_000.0;
        seconds * self.memory / 1_024.0 * GB_SECOND * 30.0 * 86_400.0 / range
    }

    pub(crate) fn observed(&self) -> Observed {
        let mut observed = Observed {
            range: TimeRange {
                from: at(0.0),
                to: at(INVOCATIONS as f64 * EVERY),
            },
            total: INVOCATIONS,
            invocations: Vec::new(),
            profiles: Vec::new(),
            phases: Vec::new(),
            lives: self.lives(),
            versions: self.versions(),
            messages: self.messages(),
        };
        for number in 0..INVOCATIONS {
            let made = self.trace(number);
            let told = self.invocation(&made);
            let phases = self.phases(&made);
            let trace = rebuild(Evidence {
                spans: self.spans(made),
                invocations: vec![told.clone()],
                phases: phases.clone(),
            });
            let invocations = std::slice::from_ref(&told);
            observed
                .profiles
                .push(profile(&trace, invocations, &told.request_id));
            observed.phases.extend(phases);
            observed.invocations.push(told);
        }
        observed
    }

    fn sandbox(&self, number: u64) -> String {
        // One that waited is the first in its sandbox.
        let (life, _) = self.life_of(number);
        match self.init(number) {
            Some(_) => format!("sandbox-{life}-{number}"),
            None => format!("sandbox-{life}"),
        }
    }

    fn invocation(&self, made: &Made) -> Invocation {
        let number = made.number;
        let end = match (made.timed_out, self.fails(number)) {
            (true, _) => End::Timeout,
            (_, true) if self.is(Fault::MemoryLeak) && self.used(number) >= self.memory => {
                End::OutOfMemory
            }
            (_, true) => End::Error,
            _ => End::Ok,
        };
        let told = invocation(&format!("request-{number}"))
            .function(&self.function)
            .sandbox(&self.sandbox(number))
            .started(made.start)
            .deadline(made.start + DEADLINE)
            .platform_span(u128::from(number) + 1, 1)
            .ended(end, made.now);
        let told = told.with(|told| {
            told.version = self.version(number).to_owned();
            told.memory = Some(ByteSize::from_mib(self.memory as u64));
            told.max_memory = Some(ByteSize::from_mib(self.used(number) as u64));
            if let Some((init, _)) = self.init(number) {
                told.cold = Cold::OnDemand;
                told.init = Some(millis(init));
            }
        });
        told.build()
    }

    fn phases(&self, made: &Made) -> Vec<SandboxPhase> {
        let Some((init, extensions)) = self.init(made.number) else {
            return Vec::new();
        };
        let begin = made.start - init;
        let sandbox_id = sandbox_id(&self.sandbox(made.number));
        let kinds = [
            (PhaseKind::Init, begin, made.start),
            (PhaseKind::ExtensionInit, begin, begin + extensions),
            (PhaseKind::RuntimeInit, begin + extensions, made.start),
        ];
        kinds
            .map(|(kind, from, to)| SandboxPhase {
                sandbox_id: sandbox_id.clone(),
                function: self.function.clone(),
                phase: phase(kind, from, to),
            })
            .into()
    }

    fn spans(&self, made: Made) -> Vec<Span> {
        let trace = u128::from(made.number) + 1;
        let request = format!("request-{}", made.number);
        let whole = span(&self.function).trace(trace).id(1);
        let whole = whole.service(&self.function).kind(SpanKind::Server);
        let whole = whole
            .phase("invocation")
            .request(&request)
            .at(made.start, made.now);
        let mut whole = whole.attribute("faas.cpu_usage", made.cpu / 1_000.0);
        let mut spans = made.spans;
        if self.planted == Some(Fault::QueueWait) {
            let sent = made.start - self.queued(made.number);
            let sender = span("orders send").trace(trace).id(3).service("shop");
            spans.push(sender.kind(SpanKind::Producer).at(sent - 3.0, sent).build());
            whole = whole.under(3);
        }
        spans.push(whole.build());
        let handler = span("handler").trace(trace).id(2).under(1);
        let handler = handler.service(&self.function).request(&request);
        let handler = handler.at(made.start, made.now);
        spans.push(match made.timed_out {
            true => handler.unfinished().build(),
            false => handler.build(),
        });
        spans
            .into_iter()
            .map(|mut span| {
                if span.resource.service() == "checkout" {
                    span.resource = coldtrace_testkit::resource(&self.function);
                }
                span
            })
            .collect()
    }

    fn lives(&self) -> Vec<SandboxLife> {
        let life = self.life();
        let lives = INVOCATIONS.div_ceil(life);
        let size = |number: u64| ByteSize::from_mib(self.used(number.min(INVOCATIONS - 1)) as u64);
        (0..lives)
            .map(|one| {
                let (first, next) = (one * life, ((one + 1) * life).min(INVOCATIONS));
                SandboxLife {
                    sandbox_id: sandbox_id(&format!("sandbox-{one}")),
                    invocations: next - first,
                    used: [
                        size(first),
                        size(first + (next - first) / 2),
                        size(first + (next - first) * 3 / 4),
                        size(next - 1),
                    ],
                    limit: ByteSize::from_mib(self.memory as u64),
                }
            })
            .collect()
    }

    fn versions(&self) -> Vec<VersionCount> {
        let count = |version: &str| {
            let ours = || (0..INVOCATIONS).filter(|&number| self.version(number) == version);
            let first = ours().next().unwrap_or(0);
            VersionCount {
                version: version.to_owned(),
                invocations: ours().count() as u64,
                errors: ours().filter(|&number| self.fails(number)).count() as u64,
                first_seen: at(first as f64 * EVERY),
            }
        };
        vec![count("1"), count("2")]
    }

    fn messages(&self) -> Messages {
        let again = match self.is(Fault::DuplicateProcessing) {
            true => (INVOCATIONS as f64 * self.share) as u64,
            false => 0,
        };
        Messages {
            processed: INVOCATIONS,
            distinct: INVOCATIONS - again,
            examples: vec![request_id(0)],
        }
    }
}

// === impl Made ===

impl Made {
    fn new(number: u64) -> Self {
        let start = number as f64 * EVERY + 5_000.0;
        Self {
            number,
            spans: Vec::new(),
            start,
            now: start,
            next_id: 10,
            cpu: 0.0,
            timed_out: false,
        }
    }

    fn length(&self) -> f64 {
        self.now - self.start
    }

    fn client(&mut self, name: &str, peer: &str, parent: u64) -> SpanBuilder {
        self.next_id += 1;
        let client = span(name)
            .trace(u128::from(self.number) + 1)
            .id(self.next_id);
        let client = client.under(parent).kind(SpanKind::Client);
        client.attribute("server.address", peer)
    }

    fn call(&mut self, name: &str, peer: &str, length: f64) {
        let (from, to) = (self.now, self.now + length);
        let call = self.client(name, peer, 2).at(from, to).build();
        self.spans.push(call);
        self.now = to;
    }

    fn failing_call(&mut self, name: &str, peer: &str, length: f64) {
        let (from, to) = (self.now, self.now + length);
        let call = self.client(name, peer, 2).at(from, to);
        self.spans.push(call.failed("unavailable").build());
        self.now = to;
    }

    fn hanging_call(&mut self, name: &str, peer: &str) {
        let from = self.now;
        let call = self.client(name, peer, 2).at(from, from + 1.0).unfinished();
        self.spans.push(call.build());
        self.now = self.start + DEADLINE;
        self.timed_out = true;
    }

    /// The function calls itself, and that one itself.
    fn recursion(&mut self, function: &str, depth: u64, work: impl Fn(u64) -> f64) {
        let lengths: Vec<f64> = (0..depth).map(&work).collect();
        let total: f64 = lengths.iter().sum();
        let (mut from, mut to) = (self.now, self.now + total + 2.0 * depth as f64);
        self.now = to;
        let mut parent = 2;
        for (level, length) in lengths.iter().enumerate() {
            let call = self.client("Invoke", function, parent).at(from, to).build();
            self.spans.push(call);
            let above = self.next_id;
            (from, to) = (from + 1.0, to - 1.0);
            self.next_id += 1;
            parent = self.next_id;
            let inner = span(function).trace(u128::from(self.number) + 1).id(parent);
            let inner = inner.under(above).kind(SpanKind::Server).service(function);
            let request = format!("request-{}-{level}", self.number);
            let inner = inner.phase("invocation").request(&request).at(from, to);
            self.spans.push(inner.build());
            // Its own work comes first, then the next level.
            from += length;
        }
    }
}

fn sandbox_id(text: &str) -> SandboxId {
    SandboxId::parse(text).expect("a valid id")
}

fn request_id(number: u64) -> RequestId {
    RequestId::parse(&format!("request-{number}")).expect("a valid id")
}

fn millis(millis: f64) -> Nanos {
    Nanos((millis * 1e6) as u64)
}
