/**
 * Two hours of a shop, as its SDKs would send them: OTLP in JSON, the same each time but for when it was.
 *
 * checkout asks inventory, which asks the stock database. Version 8 of inventory, put into use a while ago, asks one that is far
 * away: `SELECT stock` became slow, and nothing else did. Some cards are declined, as on any day.
 */

const MS = 1_000_000n;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** So long ago it began; the last order is two minutes old, so that nothing is still on its way. */
const BEGAN_MINUTES = 130;
const ENDED_MINUTES = 2;
/** So long ago version 8 came. */
const RELEASED_MINUTES = 12;
const ORDERS_PER_MINUTE = 8;
/** Of a request to the collector. */
const ORDERS_PER_REQUEST = 60;
/** One of so many sandboxes is new, and one of so many cards is declined. */
const COLD_EVERY = 30;
const DECLINED_EVERY = 25;

const FUNCTIONS = ["checkout", "inventory"];

/** In milliseconds, the wait for the stock database. */
const NEAR = 18;
const FAR = 900;

export interface Sent {
  /** Invocations of each function. */
  readonly orders: number;
  readonly release: { readonly function: string; readonly version: string; readonly serviceVersion: string };
  /** What became slow. */
  readonly slowCall: string;
}

/** Sends it all and returns what to look for. */
export async function sendShop(otlp: string): Promise<Sent> {
  const now = Date.now();
  const random = mulberry(7);
  const orders: Order[] = [];
  for (let at = BEGAN_MINUTES * MINUTE_MS; at > ENDED_MINUTES * MINUTE_MS; at -= MINUTE_MS / ORDERS_PER_MINUTE) {
    orders.push({
      number: orders.length,
      start: now - at + random() * 5 * SECOND_MS,
      isFar: at < RELEASED_MINUTES * MINUTE_MS,
    });
  }
  for (let first = 0; first < orders.length; first += ORDERS_PER_REQUEST) {
    const spans = orders.slice(first, first + ORDERS_PER_REQUEST).map(order => ordered(order, random));
    await post(otlp, "traces", { resourceSpans: spans.flatMap(one => one.resourceSpans) });
    await post(otlp, "logs", { resourceLogs: spans.flatMap(one => one.resourceLogs) });
  }
  const release = { function: "inventory", version: "8", serviceVersion: "1.8.0" };
  return { orders: orders.length, release, slowCall: "SELECT stock" };
}

/** Waits until all of it can be read. The collector has acknowledged it; the inserts come a moment later. */
export async function shopListed(url: string, sent: Sent, signal: AbortSignal): Promise<void> {
  const range = `from=${BigInt(Date.now() - (BEGAN_MINUTES + 10) * MINUTE_MS) * MS}&to=${BigInt(Date.now()) * MS}`;
  for (;;) {
    const response = await fetch(`${url}/api/v1/functions?${range}`, { signal });
    const { functions } = (await response.json()) as { functions: { function: string; invocations: string }[] };
    const known = functions.filter(one => FUNCTIONS.includes(one.function));
    if (known.length === FUNCTIONS.length && known.every(one => Number(one.invocations) === sent.orders)) return;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

interface Order {
  readonly number: number;
  /** In milliseconds since 1970. */
  readonly start: number;
  readonly isFar: boolean;
}

function ordered({ number, start, isFar }: Order, random: () => number) {
  const id = (digits: number) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
  const spread = (milliseconds: number) => milliseconds * (0.8 + 0.4 * random());
  const isCold = number % COLD_EVERY === 0;
  const isDeclined = number % DECLINED_EVERY === 3;
  const traceId = id(32);
  const [checkout, charge, reserve, inventory, goods, stock] = Array.from({ length: 6 }, () => id(16));
  const requestOf = { checkout: `order-${number}-${id(8)}`, inventory: `stock-${number}-${id(8)}` };

  const wait = spread(isFar ? FAR : NEAR);
  const init = isCold ? spread(420) : 0;
  const charged = spread(60);
  const reserved = init + wait + spread(30);
  const all = charged + reserved + spread(20);
  const span = (
    spanId: string | undefined,
    parentSpanId: string | undefined,
    name: string,
    from: number,
    length: number,
    more: object,
  ) => ({
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    startTimeUnixNano: nanos(start + from),
    endTimeUnixNano: nanos(start + from + length),
    ...more,
  });
  const answering = (requestId: string, more: readonly object[] = []) => ({
    kind: 2,
    attributes: [
      text("faas.invocation_id", requestId),
      text("faas.trigger", "http"),
      flag("faas.coldstart", isCold),
      ...more,
    ],
  });
  const declined = {
    status: { code: 2 },
    events: [
      {
        timeUnixNano: nanos(start + charged),
        name: "exception",
        attributes: [
          text("exception.type", "CardDeclined"),
          text("exception.message", `order ${number}: insufficient funds`),
          text("exception.stacktrace", 'Traceback (most recent call last):\n  File "app.py", line 39, in charge'),
        ],
      },
    ],
  };
  const payments = [text("server.address", "payments.example"), text("http.request.method", "POST")];
  const database = [
    text("db.system.name", "postgresql"),
    text("server.address", "stock.db.example"),
    text("db.query.text", "SELECT count FROM stock WHERE sku = $1"),
  ];
  const ofCheckout = [
    span(checkout, undefined, "checkout", 0, all, { ...answering(requestOf.checkout), ...(isDeclined && declined) }),
    span(charge, checkout, "POST /charges", 5, charged, {
      kind: 3,
      attributes: payments,
      ...(isDeclined && { status: { code: 2, message: "402" } }),
    }),
    span(reserve, checkout, "POST /reservations", 8 + charged, reserved, {
      kind: 3,
      attributes: [text("server.address", "inventory.example")],
    }),
  ];
  const ofInventory = [
    span(
      inventory,
      reserve,
      "inventory",
      10 + charged,
      reserved - 6,
      answering(requestOf.inventory, [text("server.address", "inventory.example")]),
    ),
    span(goods, inventory, "reserve goods", 12 + charged + init, reserved - init - 12, { kind: 1 }),
    span(stock, goods, "SELECT stock", 14 + charged + init, wait, { kind: 3, attributes: database }),
  ];
  const functions = [
    { resource: resource("checkout", "3", "2.3.0"), spans: ofCheckout },
    { resource: resource("inventory", isFar ? "8" : "7", isFar ? "1.8.0" : "1.7.0"), spans: ofInventory },
  ];
  const line = {
    timeUnixNano: nanos(start + 3),
    severityNumber: isDeclined ? 17 : 9,
    severityText: isDeclined ? "ERROR" : "INFO",
    body: { stringValue: isDeclined ? `order ${number}: card declined` : `order ${number}: 2 items` },
    traceId,
    spanId: checkout,
    attributes: [text("faas.invocation_id", requestOf.checkout)],
  };
  return {
    resourceSpans: functions.map(({ resource, spans }) => ({
      resource,
      scopeSpans: [{ scope: { name: "shop" }, spans }],
    })),
    resourceLogs: [{ resource: functions[0]?.resource, scopeLogs: [{ scope: { name: "shop" }, logRecords: [line] }] }],
  };
}

function resource(name: string, version: string, serviceVersion: string) {
  return {
    attributes: [
      text("service.name", name),
      text("service.version", serviceVersion),
      text("faas.name", name),
      text("faas.version", version),
      text("cloud.platform", "aws_lambda"),
      text("cloud.region", "eu-central-1"),
    ],
  };
}

async function post(otlp: string, signal: "traces" | "logs", body: object): Promise<void> {
  const response = await fetch(`${otlp}/v1/${signal}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the collector answered ${response.status}: ${await response.text()}`);
}

function nanos(milliseconds: number): string {
  return String(BigInt(Math.round(milliseconds * 1_000)) * 1_000n);
}

function text(key: string, value: string) {
  return { key, value: { stringValue: value } };
}

function flag(key: string, value: boolean) {
  return { key, value: { boolValue: value } };
}

/** Numbers from 0 to 1 that are the same each time. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
