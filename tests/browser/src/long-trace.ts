/** One trace with very many spans, as an importer would send it: batches of files, of each file its steps. OTLP in JSON. */

const SPANS_PER_REQUEST = 4_000;
/** Spans of a file: itself and its steps. */
const STEPS = ["download", "parse", "check rows", "INSERT rows", "report"] as const;
const FILES_PER_BATCH = 100;
const MICRO = 1_000n;

export interface Sent {
  readonly traceId: string;
  readonly function: string;
}

/** Sends so many spans; `seed` makes the ids. */
export async function sendLongTrace(otlp: string, name: string, spans: number, seed: number): Promise<Sent> {
  const traceId = seed.toString(16).padStart(32, "7");
  const id = (index: number) => (BigInt(seed) * 100_000_000n + BigInt(index + 1)).toString(16).padStart(16, "0");
  const length = BigInt(spans) * 8n * MICRO;
  const began = BigInt(Date.now()) * 1_000_000n - length - 30_000_000_000n;
  let rows: object[] = [];
  const send = async () => {
    const resource = {
      attributes: [text("service.name", name), text("faas.name", name), text("cloud.platform", "aws_lambda")],
    };
    const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "bench" }, spans: rows }] }] };
    rows = [];
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${otlp}/v1/traces`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the collector answered ${response.status}: ${await response.text()}`);
  };
  for (const one of shapes(spans)) {
    const [from, until] = [began + one.from * MICRO, began + one.until * MICRO];
    rows.push({
      traceId,
      spanId: id(one.index),
      ...(one.parent !== null && { parentSpanId: id(one.parent) }),
      name: one.name,
      kind: one.parent === null ? 2 : one.name === "INSERT rows" ? 3 : 1,
      startTimeUnixNano: String(from),
      endTimeUnixNano: String(until),
      attributes:
        one.parent === null
          ? [text("faas.invocation_id", `${name}-${seed}`), text("faas.trigger", "timer")]
          : [text("import.file", `part-${one.index % 977}.csv`)],
    });
    if (rows.length >= SPANS_PER_REQUEST) await send();
  }
  if (rows.length > 0) await send();
  return { traceId, function: name };
}

interface Shape {
  readonly index: number;
  readonly parent: number | null;
  readonly name: string;
  /** In microseconds since it began. */
  readonly from: bigint;
  readonly until: bigint;
}

function* shapes(spans: number): Generator<Shape> {
  const all = BigInt(spans) * 8n;
  yield { index: 0, parent: null, name: "import", from: 0n, until: all };
  const perFile = STEPS.length + 1;
  let [batch, file] = [0, 0];
  for (let index = 1, place = 0; index < spans; index++, place++) {
    const at = BigInt(index) * 8n;
    const ofBatch = place % (FILES_PER_BATCH * perFile + 1);
    if (ofBatch === 0) {
      batch = index;
      yield {
        index,
        parent: 0,
        name: "batch",
        from: at,
        until: least(all, at + BigInt(FILES_PER_BATCH * perFile) * 8n),
      };
      continue;
    }
    const step = (ofBatch - 1) % perFile;
    if (step === 0) file = index;
    const parent = step === 0 ? batch : file;
    const length = step === 0 ? BigInt(perFile) * 8n - 1n : 7n;
    yield {
      index,
      parent,
      name: step === 0 ? "file" : (STEPS[step - 1] ?? ""),
      from: at,
      until: least(all, at + length),
    };
  }
}

const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);

function text(key: string, value: string) {
  return { key, value: { stringValue: value } };
}
