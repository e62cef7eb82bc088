/** How long what a trace's spans did usually takes, made up around what they took there. */

import type { components } from "../src/api/generated/openapi.ts";
import { Random } from "./random.ts";

type Schemas = components["schemas"];
type Span = Schemas["Span"];

/** As the API's. */
const MOST = 100;
const FEW = 20;
const MINUTE = 60_000_000_000n;

export function operations({ spans, start }: Schemas["Trace"]): Schemas["OperationList"] {
  const byOperation = new Map<string, Span[]>();
  // What is made of facts alone is no span that came.
  for (const span of spans.filter(({ phase }) => phase === "" || phase === "invocation")) {
    const key = [span.service, span.kind, span.name].join("\n");
    byOperation.set(key, [...(byOperation.get(key) ?? []), span]);
  }
  const lengthOf = (of: readonly Span[]) => of.reduce((sum, span) => sum + length(span), 0);
  const longest = [...byOperation].sort(([, left], [, right]) => lengthOf(right) - lengthOf(left));
  return {
    operations: longest.slice(0, MOST).map(([key, of]) => operation(key, of, BigInt(start))),
    total: longest.length,
  };
}

function operation(key: string, of: readonly Span[], start: bigint): Schemas["Operation"] {
  const [service = "", kind = "unspecified", name = ""] = key.split("\n");
  const random = new Random([...key].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7));
  const count = random.next() < 0.15 ? Math.floor(random.between(0, FEW)) : Math.floor(random.between(30, 5_000));
  const lengths = of.map(length).sort((left, right) => left - right);
  const median = (lengths[lengths.length >> 1] ?? 1) * random.between(0.25, 1.3);
  const reach = (count < 1_000 ? 720n : 5n) * MINUTE;
  const slowest = (percent: number) => Math.exp(Math.log(percent / (100.5 - percent)) * 0.35);
  const steps = Array.from({ length: 100 }, (_, step) => String(Math.round(median * slowest(step + 1))));
  return {
    ...{ service, name, kind: kind as Span["kind"], count: String(count) },
    from: String(start - reach),
    to: String(start + reach),
    is_part: false,
    percentiles: count < FEW ? [] : steps,
  };
}

const length = ({ start, end }: Span): number => Number(BigInt(end) - BigInt(start));
