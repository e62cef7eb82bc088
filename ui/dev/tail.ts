/** What comes in the made-up shop, as server-sent events: an invocation begins and ends again and again, or a line is written. */

import type { components } from "../src/api/generated/openapi.ts";
import { linesAsked } from "./logs.ts";

type Schemas = components["schemas"];

/** Between two events. */
const EVERY_MS = 150;

export interface Coming {
  readonly invocations: readonly Schemas["Invocation"][];
  readonly lines: readonly Schemas["Log"][];
  readonly clock: () => number;
  /** After so many nothing comes any more. */
  readonly most: number;
}

/** @returns what ends it. */
export function tail(
  { invocations, lines, clock, most }: Coming,
  search: URLSearchParams,
  write: (text: string) => void,
): () => void {
  const [name, outcomes, cold] = ["function", "outcome", "cold"].map(key => search.get(key));
  const isLogs = search.get("of") === "logs";
  const asked = invocations
    .filter(one => name == null || one.function === name)
    .filter(one => outcomes?.split(",").includes(one.outcome) ?? true)
    .filter(one => cold == null || one.cold !== "warm");
  const wanted = linesAsked(lines, search);
  let number = 0;
  let came = 0;
  const send = (event: string, data: unknown) => {
    number += 1;
    write(`event: ${event}\nid: e${number}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const now = () => String(BigInt(clock()) * 1_000_000n);
  send("begun", {});
  const timer = setInterval(() => {
    came += 1;
    if (came >= most) clearInterval(timer);
    if (isLogs) {
      const line = wanted[number % Math.max(1, wanted.length)];
      if (line !== undefined) send("log", { ...line, time: now() });
      return;
    }
    const one = asked[number % Math.max(1, asked.length)];
    if (one === undefined) return;
    const begun = {
      ...one,
      request_id: `${one.request_id.slice(0, 24)}${String(number).padStart(12, "0")}`,
      start: now(),
    };
    send("invocation", { ...begun, outcome: "running", duration: null, billed: null });
    send("invocation", begun);
  }, EVERY_MS);
  return () => clearInterval(timer);
}
