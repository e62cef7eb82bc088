/** What the made-up functions cost that they need not cost: checkout more than a page shows at once, the mailer nothing. */

import type { components } from "../src/api/generated/openapi.ts";
import { nanos } from "./journey.ts";

type Schemas = components["schemas"];
type Finding = Schemas["FunctionFinding"];

interface Plan {
  readonly kind: Finding["kind"];
  readonly title: string;
  readonly text: string;
  readonly share: number;
  /** Milliseconds at the median, the 95th and the 99th percentile. */
  readonly gain: readonly [number, number, number];
  readonly failures?: number;
  /** Dollars. */
  readonly monthly?: number;
  readonly confidence?: Finding["confidence"];
  readonly evidence: Readonly<Record<string, string>>;
  readonly example: (one: Schemas["Invocation"]) => boolean;
  /** Parameters of the list of invocations, or a query for traces. */
  readonly list?: string;
  readonly query?: string;
  /** When it was told first, in hours ago; and for how many it is over. */
  readonly since?: number;
  readonly over?: number;
}

const any = () => true;
const isCold = (one: Schemas["Invocation"]) => one.cold !== "warm";

const PLANS: Readonly<Record<string, readonly Plan[]>> = {
  checkout: [
    {
      kind: "timeouts",
      title: "Runs into its time limit",
      text: "0.95 % of invocations end after 3.00 s with no answer; the others take 231 ms. Most of them were waiting for POST payments.",
      share: 0.0095,
      gain: [0, 0, 1_940],
      failures: 0.0095,
      monthly: 0.84,
      evidence: { typical: "3.00 s", usual: "231 ms" },
      example: one => one.outcome === "timeout",
      list: "outcome=timeout",
    },
    {
      kind: "serial_calls",
      title: "2 calls, one after the other",
      text: "POST inventory, POST payments, in 62 % of traces. If none needs the one before, made at once they take 48.0 ms less.",
      share: 0.62,
      gain: [31, 487, 490],
      monthly: 4.12,
      confidence: "low",
      evidence: { times: "2", typical: "48.0 ms" },
      example: any,
      query: '{ resource.service.name = "checkout" && name = "POST payments" }',
    },
    {
      kind: "cold_starts",
      title: "Cold starts",
      text: "9.1 % of invocations wait 812 ms for their sandbox.",
      share: 0.091,
      gain: [0, 402, 812],
      evidence: { typical: "812 ms" },
      example: isCold,
      list: "cold=true",
    },
    {
      kind: "repeated_calls",
      title: "The same call 14 times",
      text: "SELECT stock, one after the other in 31 % of traces. Asked once for all, they would take 182 ms less.",
      share: 0.31,
      gain: [0, 182, 204],
      monthly: 1.9,
      confidence: "medium",
      evidence: { times: "14", typical: "182 ms", each_call: "13.1 ms" },
      example: any,
      query: '{ resource.service.name = "checkout" && name = "SELECT stock" } | count() > 7',
    },
    {
      kind: "error_regression",
      title: "Version 42 fails more often",
      text: "4.3 % of its invocations fail; before it 0.61 % did.",
      share: 0.043,
      gain: [0, 0, 0],
      failures: 0.021,
      confidence: "medium",
      evidence: { failing: "4.3 %", failing_before: "0.61 %" },
      example: one => one.outcome === "error",
      list: "outcome=error",
    },
    {
      kind: "over_provisioned",
      title: "More memory than it uses",
      text: "It has 512 MB and never used more than 188 MB; 256 MB would do.",
      share: 1,
      gain: [0, 0, 0],
      monthly: 3.26,
      evidence: { memory: "512 MB", suggested_memory: "256 MB", most_used: "188 MB" },
      example: any,
      list: "sort=slowest",
    },
    {
      kind: "recursion",
      title: "Calls itself",
      text: "3 times over, in 0.40 % of traces.",
      share: 0.004,
      gain: [0, 0, 0],
      confidence: "low",
      evidence: { times: "3" },
      example: any,
      query: '{ resource.service.name = "checkout" }',
    },
  ],
  inventory: [
    {
      kind: "cpu_starved",
      title: "Too little processor",
      text: "With 256 MB it has a share of a processor and uses it up; with 1769 MB it has a whole one.",
      share: 1,
      gain: [12, 61, 74],
      monthly: -0.31,
      confidence: "medium",
      evidence: { memory: "256 MB", suggested_memory: "1769 MB" },
      example: any,
      list: "sort=slowest",
    },
  ],
};

/** What is not told any more. */
const OVER: Readonly<Record<string, readonly Plan[]>> = {
  mailer: [
    {
      kind: "retries",
      title: "Tried again",
      text: "POST smtp, 1.4 times on average in 12 % of traces; what is tried again takes 96.0 ms.",
      share: 0.12,
      gain: [0, 96, 110],
      monthly: 0.12,
      evidence: { times: "1.4", typical: "96.0 ms" },
      example: any,
      list: "sort=slowest",
      since: 19,
      over: 6,
    },
  ],
};

/** Of all functions, as a look at each of them told. */
export function toldFindings(invocations: readonly Schemas["Invocation"][]): Schemas["FindingList"] {
  const [newest] = invocations;
  const looked = (hours: number) => String(BigInt(newest?.start ?? "0") - nanos((hours * 60 + 9) * 60_000));
  const found = [...new Set(invocations.map(one => one.function))].flatMap(name => {
    const of = invocations.filter(one => one.function === name);
    return [...(PLANS[name] ?? []), ...(OVER[name] ?? [])].map((plan, at): Schemas["ToldFinding"] => {
      const { evidence: _, ...finding } = findingOf(plan, name, of, `from=${looked(24)}&to=${looked(0)}`);
      const over = plan.over ?? 0;
      return {
        ...finding,
        function: name,
        first_seen: looked(plan.since ?? 3 + at * 23),
        last_seen: looked(over),
        is_there: over === 0,
      };
    });
  });
  const gain = ({ gain }: Schemas["ToldFinding"]) => gain.failures * 1e12 + Number(gain.p95);
  const inOrder = found.sort((left, right) => gain(right) - gain(left));
  return { findings: inOrder, total: inOrder.length };
}

export function findings(
  name: string,
  invocations: readonly Schemas["Invocation"][],
  search: string,
): Schemas["FunctionFindings"] {
  const asked = new URLSearchParams(search);
  const range = `from=${asked.get("from")}&to=${asked.get("to")}`;
  const found = (PLANS[name] ?? []).map(plan => findingOf(plan, name, invocations, range));
  return {
    findings: found,
    invocations: String(invocations.length),
    sampled: invocations.length,
    traces: Math.ceil(invocations.length * 0.8),
    prices_of: "2026-11",
  };
}

function findingOf(plan: Plan, name: string, invocations: readonly Schemas["Invocation"][], range: string): Finding {
  const [p50, p95, p99] = plan.gain.map(millis => String(nanos(millis))) as [string, string, string];
  const { monthly, query } = plan;
  return {
    kind: plan.kind,
    title: plan.title,
    text: plan.text,
    about: "",
    seen: String(Math.max(1, Math.round(plan.share * invocations.length))),
    share: plan.share,
    gain: {
      ...{ mean: p50, p50, p95, p99 },
      failures: plan.failures ?? 0,
      monthly: monthly === undefined ? null : String(Math.round(monthly * 1e9)),
    },
    confidence: plan.confidence ?? "high",
    evidence: Object.entries(plan.evidence).map(([name, text]) => ({ name, text })),
    examples: invocations
      .filter(plan.example)
      .slice(0, 3)
      .map(one => one.request_id),
    question:
      query === undefined
        ? `/api/v1/invocations?function=${encodeURIComponent(name)}&${plan.list}&${range}`
        : `/api/v1/search?q=${encodeURIComponent(query)}&${range}`,
  };
}
