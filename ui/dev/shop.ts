/** A shop's last hour: five functions, every outcome, in the API's form. For development and the browser tests alone. */

import { type Invocation, Journey, type Log, nanos, type Planned, type Trace } from "./journey.ts";
import { payloadsOf } from "./payloads.ts";
import { Random } from "./random.ts";

export interface Told {
  readonly invocation: Invocation;
  readonly tell: () => { readonly trace: Trace; readonly logs: Log[] };
}

const MB = 1024n * 1024n;
const HOUR_MS = 3_600_000;
/** How long ago checkout got its latest version, with half of the memory. */
const DEPLOYED_MS = 25 * 60_000;
/** So many invocations that a list has more than one page. */
const COUNT = 236;
export const BIG = 20_000;

interface Kind {
  readonly name: string;
  readonly runtime: string;
  readonly memory: bigint;
  readonly trigger: string;
  readonly typical: number;
  readonly init: number;
}

const KINDS = {
  checkout: { name: "checkout", runtime: "python3.12", memory: 512n, trigger: "http", typical: 210, init: 812 },
  inventory: { name: "inventory", runtime: "nodejs22.x", memory: 256n, trigger: "http", typical: 38, init: 344 },
  mailer: { name: "mailer", runtime: "python3.12", memory: 128n, trigger: "pubsub", typical: 92, init: 268 },
  thumbnails: {
    name: "thumbnails",
    runtime: "nodejs22.x",
    memory: 128n,
    trigger: "datasource",
    typical: 640,
    init: 402,
  },
  importer: {
    name: "importer",
    runtime: "provided.al2023",
    memory: 1024n,
    trigger: "timer",
    typical: 21_000,
    init: 31,
  },
} as const satisfies Record<string, Kind>;

type Name = keyof typeof KINDS;

export function shop(now: number): Told[] {
  const told: Told[] = [];
  const random = new Random(7);
  special(told, now);
  for (let at = 0; at < COUNT; at++) {
    const start = now - 90_000 - random.next() ** 1.4 * (HOUR_MS - 200_000);
    told.push(ordinary(start, 100 + at, random, start < now - DEPLOYED_MS));
  }
  return told.sort((left, right) => Number(BigInt(right.invocation.start) - BigInt(left.invocation.start)));
}

/** One of each that a page has to be able to show. */
function special(told: Told[], now: number): void {
  told.push(...journey(now - 21_000, 1));
  told.push(timeout(now - 34_000, 2), outOfMemory(now - 47_000, 3), declined(now - 58_000, 4));
  told.push(bigImport(now - 70_000, 5));
  told.push(bare("thumbnails", now - 4_000, 6, "running"), bare("checkout", now - 64_000, 7, "crash"));
  told.push(bare("thumbnails", now - 81_000, 8, "init_error"), bare("mailer", now - 2_000_000, 9, "lost"));
}

function made(name: Name, startMs: number, seed: number, changes: Partial<Invocation> = {}): Invocation {
  const kind: Kind = KINDS[name];
  const random = new Random(seed * 7919);
  const drawn = kind.typical * (0.6 + random.next() ** 3 * 3);
  const duration = changes.duration == null ? drawn : Number(BigInt(changes.duration)) / 1e6;
  const invocation: Omit<Invocation, "cost"> = {
    request_id: random.uuid(),
    function: kind.name,
    start: String(BigInt(Math.round(startMs)) * 1_000_000n + BigInt(Math.floor(random.next() * 1e6))),
    outcome: "ok",
    cold: "warm",
    facts: ["started", "finished", "reported"],
    platform: "aws_lambda",
    sandbox_id: random.uuid(),
    instance: `2026/11/23/[$LATEST]${random.hex(32)}`,
    version: name === "checkout" ? "42" : "$LATEST",
    runtime: kind.runtime,
    architecture: "x86_64",
    region: "eu-central-1",
    account: "123456789012",
    memory_bytes: String(kind.memory * MB),
    deadline: String(BigInt(Math.round(startMs)) * 1_000_000n + nanos(kind.typical > 5_000 ? 60_000 : 3_000)),
    trigger: kind.trigger,
    duration: String(nanos(duration)),
    billed: String(nanos(Math.ceil(duration))),
    init: null,
    restore: null,
    response_latency: String(nanos(duration * 0.96)),
    response_duration: String(nanos(0.4)),
    runtime_overhead: String(nanos(random.between(0.4, 2))),
    extension_overhead: String(nanos(random.between(1, 9))),
    produced_bytes: "82",
    max_memory_bytes: String((kind.memory * MB * BigInt(Math.round(random.between(38, 71)))) / 100n),
    error_type: "",
    platform_trace_id: random.hex(32),
    platform_span_id: random.hex(16),
    sdk_trace_id: null,
    cost: null,
    ...changes,
  };
  return { ...invocation, cost: costOf(invocation) };
}

/** Dollars / 1,000,000,000: of x86_64 in GB-seconds, and of the request. */
export function costOf({ billed, memory_bytes }: Pick<Invocation, "billed" | "memory_bytes">): string | null {
  if (billed === null || memory_bytes === null) return null;
  return String((BigInt(billed) * BigInt(memory_bytes) * 16_667n) / (1024n * MB * 1_000_000_000n) + 200n);
}

const cold = (name: Name): Partial<Invocation> => ({ cold: "on_demand", init: String(nanos(KINDS[name].init)) });
const millisOf = (length: string | null): number => Number(BigInt(length ?? "0")) / 1e6;

/** Init where it was cold, then the invocation itself. Returns the invocation's span. */
function platformSpans(journey: Journey, invocation: Invocation, start: number, parent?: Planned): Planned {
  const init = millisOf(invocation.init);
  const service = invocation.function;
  const own = { service, request: invocation, ...(parent && { parent }) };
  journey.invocations.push(invocation);
  if (init > 0) {
    const phase = journey.add({ ...own, name: "init", start: start - init - 2, length: init, phase: "init" });
    const inside = { service, request: invocation, parent: phase };
    journey.add({ ...inside, name: "extension init", start: start - init - 2, length: 41, phase: "extension_init" });
    journey.add({
      ...inside,
      name: "runtime init",
      start: start - init + 39,
      length: init - 41,
      phase: "runtime_init",
    });
  }
  return journey.add({
    ...own,
    name: service,
    start,
    length: millisOf(invocation.duration),
    kind: "server",
    phase: "invocation",
    ...(invocation.outcome === "ok"
      ? {}
      : { status: "error", message: `the platform reported: ${invocation.outcome}` }),
    attributes: {
      "faas.invocation_id": invocation.request_id,
      "faas.trigger": invocation.trigger,
      "faas.coldstart": invocation.cold !== "warm",
      "cloud.region": invocation.region,
      ...payloadsOf(invocation),
    },
  });
}

/** checkout calls inventory, charges the card, and has a receipt mailed: three functions, two SDKs, one queue. */
function journey(startMs: number, seed: number): Told[] {
  const duration = String(nanos(1_243));
  const checkout = made("checkout", startMs, seed, { ...cold("checkout"), duration, billed: String(nanos(2_056)) });
  const inventory = made("inventory", startMs + 74, seed + 50, {
    ...cold("inventory"),
    start: String(BigInt(checkout.start) + nanos(430)),
    duration: String(nanos(61.4)),
  });
  const mailer = made("mailer", startMs + 1_300, seed + 51, {
    start: String(BigInt(checkout.start) + nanos(1_398)),
    duration: String(nanos(188)),
  });
  const build = () => {
    const all = new Journey(BigInt(checkout.start), seed);
    const invoked = platformSpans(all, checkout, 0);
    const inCheckout = { service: "checkout", request: checkout };
    const handler = all.add({
      ...inCheckout,
      parent: invoked,
      name: "app.handler",
      start: 3,
      length: 1_228,
      kind: "server",
    });
    const reserve = all.add({
      ...inCheckout,
      parent: handler,
      name: "POST inventory",
      start: 11,
      length: 487,
      kind: "client",
      attributes: {
        "http.request.method": "POST",
        "server.address": "inventory.internal",
        "http.response.status_code": 200,
      },
    });
    const reserved = platformSpans(all, inventory, 430, reserve);
    const route = all.add({
      service: "inventory",
      request: inventory,
      parent: reserved,
      name: "POST /reserve",
      start: 433,
      length: 55,
      kind: "server",
      marks: ["adopted"],
    });
    const questions: Planned[] = [];
    for (let item = 0; item < 3; item++) {
      const asked = all.add({
        service: "inventory",
        request: inventory,
        parent: route,
        name: "SELECT stock",
        start: 435 + item * 16,
        length: 13.2 - item,
        kind: "client",
        attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT left FROM stock WHERE sku = $1" },
      });
      questions.push(asked);
    }
    all.find({
      kind: "repeated_calls",
      title: "The same call 3 times",
      text: "SELECT stock, one after the other below POST /reserve. Asked once for all, they would take 23.4 ms less.",
      about: route,
      shown: questions,
      gain: 23.4,
      confidence: "medium",
    });
    const charge = all.add({
      ...inCheckout,
      parent: handler,
      name: "POST payments",
      start: 506,
      length: 642,
      kind: "client",
      attributes: {
        "http.request.method": "POST",
        "url.full": "https://payments.example/v1/charges",
        "server.address": "payments.example",
        "http.response.status_code": 200,
        "http.request.body.size": 1840,
        "retry.ratio": 0.25,
        "payment.captured": true,
      },
    });
    all.find({
      kind: "serial_calls",
      title: "2 calls, one after the other",
      text: "POST inventory, POST payments. If none needs the one before, made at once they take 487 ms less.",
      about: handler,
      shown: [reserve, charge],
      gain: 487,
      confidence: "low",
    });
    for (const waited of [invoked, reserved]) {
      const [init] = waited.children.filter(child => child.phase === "init");
      if (init === undefined) continue;
      const text = `${waited.service} waited ${init.length} ms for its sandbox.`;
      all.find({ kind: "cold_start", title: "Cold start", text, about: waited, shown: [init], gain: init.length });
    }
    all.add({ ...inCheckout, parent: charge, name: "connect", start: 507, length: 118, kind: "client" });
    const send = all.add({
      ...inCheckout,
      parent: handler,
      name: "receipts send",
      start: 1_153,
      length: 71,
      kind: "producer",
      attributes: { "messaging.system": "aws_sqs", "messaging.destination.name": "receipts" },
    });
    const mailed = platformSpans(all, mailer, 1_398, send);
    all.add({
      service: "mailer",
      request: mailer,
      parent: mailed,
      name: "runtime overhead",
      start: 1_586,
      length: 1.6,
      phase: "runtime_overhead",
    });
    all.add({
      service: "mailer",
      request: mailer,
      parent: mailed,
      name: "receipts process",
      start: 1_400,
      length: 180,
      kind: "consumer",
      links: [send],
    });
    all.add({
      ...inCheckout,
      parent: invoked,
      name: "extension overhead",
      start: 1_236,
      length: 7,
      phase: "extension_overhead",
    });
    all.warn("1 span whose parent never arrived was hung under the invocation that it ran in");
    return all;
  };
  const logs = (): Log[] => [
    log(checkout, -640, 0, "INIT_START Runtime Version: python:3.12.v59", "platform"),
    log(checkout, 2, 9, "order 1041: 3 items", "function", build().trace().spans[4]?.span_id),
    log(checkout, 499, 9, "order 1041: reserved, 84.20 EUR", "function"),
    log(checkout, 1_149, 13, "payments answered after 642 ms, above the budget of 400 ms", "function"),
    log(checkout, 1_231, 9, "order 1041: done", "function"),
  ];
  const tell = () => ({ trace: build().trace(), logs: logs() });
  return [checkout, inventory, mailer].map(invocation => ({ invocation, tell }));
}

function log(of: Invocation, millis: number, severity: number, body: string, source: string, span?: string): Log {
  return {
    time: String(BigInt(of.start) + nanos(millis)),
    severity,
    body,
    source,
    service: of.function,
    request_id: of.request_id,
    trace_id: null,
    span_id: span ?? null,
    attributes: [],
  };
}

/** The platform ended it; what it waited for had been told when it began. */
function timeout(startMs: number, seed: number): Told {
  const three = String(nanos(3_000));
  const invocation = made("checkout", startMs, seed, {
    outcome: "timeout",
    duration: three,
    billed: three,
    response_latency: null,
  });
  return {
    invocation: { ...invocation, deadline: String(BigInt(invocation.start) + nanos(3_000)) },
    tell: () => {
      const all = new Journey(BigInt(invocation.start), seed);
      const invoked = platformSpans(all, invocation, 0);
      const own = { service: "checkout", request: invocation, marks: ["unfinished" as const] };
      const handler = all.add({
        ...own,
        parent: invoked,
        name: "app.handler",
        start: 3,
        length: 2_997,
        kind: "server",
      });
      all.add({ ...own, parent: handler, name: "POST payments", start: 200, length: 2_800, kind: "client" });
      const logs = [
        log(invocation, 4, 9, "order 1038: 1 items", "function"),
        log(invocation, 61, 9, "order 1038: reserved, 12.00 EUR", "function"),
        log(invocation, 3_000, 17, `${invocation.request_id} Task timed out after 3.00 seconds`, "platform"),
      ];
      return { trace: all.trace(), logs };
    },
  };
}

function outOfMemory(startMs: number, seed: number): Told {
  const invocation = made("thumbnails", startMs, seed, {
    outcome: "oom",
    ...cold("thumbnails"),
    duration: String(nanos(918)),
    max_memory_bytes: String(128n * MB),
    error_type: "Runtime.ExitError",
    response_latency: null,
  });
  return {
    invocation,
    tell: () => {
      const all = new Journey(BigInt(invocation.start), seed);
      const invoked = platformSpans(all, invocation, 0);
      const own = { service: "thumbnails", request: invocation };
      const handler = all.add({
        ...own,
        parent: invoked,
        name: "handler",
        start: 4,
        length: 914,
        kind: "server",
        marks: ["unfinished"],
      });
      all.add({ ...own, parent: handler, name: "S3.GetObject", start: 9, length: 208, kind: "client" });
      all.add({ ...own, parent: handler, name: "decode image", start: 221, length: 697, marks: ["unfinished"] });
      const logs = [
        log(invocation, 8, 9, "picture 7731: 61 MB", "function"),
        log(invocation, 919, 17, "RequestId: Process exited before completing request", "platform"),
      ];
      return { trace: all.trace(), logs };
    },
  };
}

const STACK = `Traceback (most recent call last):
  File "/var/task/app.py", line 21, in handler
    charge(order, total)
  File "/var/task/app.py", line 35, in charge
    raise PaymentDeclined(f"order {order['order']}: {paid.json()['reason']}")
app.PaymentDeclined: order 1036: insufficient funds`;

function declined(startMs: number, seed: number): Told {
  const invocation = made("checkout", startMs, seed, {
    outcome: "error",
    duration: String(nanos(371)),
    error_type: "PaymentDeclined",
  });
  return {
    invocation,
    tell: () => {
      const all = new Journey(BigInt(invocation.start), seed);
      const invoked = platformSpans(all, invocation, 0);
      const own = { service: "checkout", request: invocation };
      const exception = { type: "app.PaymentDeclined", message: "order 1036: insufficient funds", stack: STACK };
      const failed = { status: "error", message: "PaymentDeclined: order 1036: insufficient funds" } as const;
      const handler = all.add({
        ...own,
        ...failed,
        parent: invoked,
        name: "app.handler",
        start: 2,
        length: 364,
        kind: "server",
        exception,
      });
      all.add({ ...own, parent: handler, name: "POST inventory", start: 5, length: 48, kind: "client" });
      all.add({
        ...own,
        parent: handler,
        name: "POST payments",
        start: 56,
        length: 301,
        kind: "client",
        status: "error",
        message: "402",
        attributes: {
          "http.request.method": "POST",
          "http.response.status_code": 402,
          "server.address": "payments.example",
        },
      });
      const logs = [
        log(invocation, 3, 9, "order 1036: 2 items", "function"),
        log(invocation, 366, 17, STACK, "function"),
      ];
      return { trace: all.trace(), logs };
    },
  };
}

/** As many spans as a loop over rows of a file makes. */
function bigImport(startMs: number, seed: number): Told {
  const invocation = made("importer", startMs, seed, { duration: String(nanos(41_800)) });
  return {
    invocation,
    tell: () => {
      const all = new Journey(BigInt(invocation.start), seed);
      const random = new Random(seed);
      const own = { service: "importer", request: invocation };
      const invoked = platformSpans(all, invocation, 0);
      const handler = all.add({ ...own, parent: invoked, name: "import", start: 3, length: 41_780, kind: "server" });
      const batches = 100;
      const rows = Math.floor((BIG - 2 - batches) / batches);
      const step = 41_700 / batches;
      for (let batch = 0; batch < batches; batch++) {
        const start = 10 + batch * step;
        const parent = all.add({ ...own, parent: handler, name: `batch ${batch}`, start, length: step - 4 });
        for (let row = 0; row < rows; row++) {
          const failed = random.next() < 0.002;
          all.add({
            service: row % 9 === 0 ? "dynamodb" : "importer",
            request: invocation,
            parent,
            name: row % 9 === 0 ? "DynamoDB.BatchWriteItem" : "parse row",
            start: start + (row / rows) * (step - 20),
            length: random.between(0.2, row % 9 === 0 ? 14 : 2),
            kind: row % 9 === 0 ? "client" : "internal",
            ...(failed && { status: "error" as const, message: "ProvisionedThroughputExceededException" }),
            attributes: { "import.row": batch * rows + row, "import.file": "s3://imports/2026-11-23.csv" },
          });
        }
      }
      const trace = all.trace();
      return { trace, logs: [log(invocation, 5, 9, `${trace.spans.length} spans to come`, "function")] };
    },
  };
}

/** Known by its facts alone. */
function bare(name: Name, startMs: number, seed: number, outcome: Invocation["outcome"]): Told {
  const unknown = { duration: null, billed: null, max_memory_bytes: null, response_latency: null } as const;
  const known = outcome === "crash" || outcome === "init_error";
  const invocation = made(name, startMs, seed, {
    outcome,
    ...(known ? { error_type: outcome === "crash" ? "Runtime.ExitError" : "Runtime.ImportModuleError" } : unknown),
    ...(outcome === "init_error" ? cold(name) : {}),
    facts: known ? ["started", "finished", "reported"] : ["started"],
  });
  return {
    invocation,
    tell: () => {
      const all = new Journey(BigInt(invocation.start), seed);
      all.invocations.push(invocation);
      const trace = all.trace();
      return { trace: { ...trace, end: trace.start, trace_ids: [] }, logs: [] };
    },
  };
}

function ordinary(startMs: number, seed: number, random: Random, earlier: boolean): Told {
  const chance = random.next();
  const name: Name = chance < 0.42 ? "checkout" : chance < 0.76 ? "inventory" : chance < 0.94 ? "mailer" : "thumbnails";
  const failing = random.next() < 0.02;
  const invocation = made(name, startMs, seed, {
    ...(earlier && name === "checkout" ? { version: "41", memory_bytes: String(1024n * MB) } : {}),
    ...(random.next() < 0.07 ? cold(name) : {}),
    ...(failing ? { outcome: "error" as const, error_type: name === "checkout" ? "PaymentDeclined" : "Error" } : {}),
  });
  return {
    invocation,
    tell: () => {
      const all = new Journey(BigInt(invocation.start), seed);
      const length = millisOf(invocation.duration);
      const invoked = platformSpans(all, invocation, 0);
      if (name !== "mailer") {
        const own = { service: name, request: invocation };
        const parent = all.add({
          ...own,
          parent: invoked,
          name: "handler",
          start: 1,
          length: length - 2,
          kind: "server",
        });
        all.add({ ...own, parent, name: "GET config", start: 2, length: length * 0.2, kind: "client" });
        all.add({
          ...own,
          parent,
          name: "SELECT stock",
          start: 2 + length * 0.25,
          length: length * 0.6,
          kind: "client",
        });
      }
      return { trace: all.trace(), logs: [log(invocation, 1, 9, "started", "function")] };
    },
  };
}
