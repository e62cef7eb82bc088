/** Reads answers that hold a trace, in slices: the page stays alive while a hundred thousand spans come. */

import type * as z from "zod/mini";

import { ApiError, open, type Parameters, parsed } from "./request.ts";
import { SpanCutter } from "./span-cutter.ts";
import { readSpans } from "./spans.ts";

/** So long may a slice take, in milliseconds: half a frame. */
const SLICE_MS = 8;
/** Characters that are cut and parsed at once: some hundred spans. */
const PIECE = 128 * 1024;

export async function getWithTrace<Schema extends z.ZodMiniType>(
  path: string,
  parameters: Parameters,
  schema: Schema,
  signal: AbortSignal,
): Promise<z.output<Schema>> {
  const response = await open(path, parameters, signal);
  const cutter = new SpanCutter();
  const spans: unknown[] = [];
  let since = performance.now();
  for await (const text of textOf(response)) {
    for (let at = 0; at < text.length; at += PIECE) {
      const complete = cutter.cut(text.slice(at, at + PIECE));
      if (complete !== "") spans.push(...read(complete));
      if (performance.now() - since < SLICE_MS) continue;
      await pause();
      signal.throwIfAborted();
      since = performance.now();
    }
  }
  return parsed(withSpans(jsonOf(cutter.rest()), spans), schema);
}

async function* textOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) {
    yield await response.text();
    return;
  }
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    yield decoder.decode(value, { stream: !done });
    if (done) return;
  }
}

function read(list: string): readonly unknown[] {
  try {
    return readSpans(jsonOf(list) as unknown[]);
  } catch (error) {
    const problem = error instanceof Error ? error.message : "";
    throw new ApiError("unexpected", `The answer is not what the API promises: ${problem}`);
  }
}

/** Null where it is none: then the schema says what is missing. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The trace, or what holds one, with the spans that were cut out of it; what was not cut has its own. */
function withSpans(rest: unknown, spans: readonly unknown[]): unknown {
  if (spans.length === 0 || typeof rest !== "object" || rest === null) return rest;
  if ("trace" in rest) return { ...rest, trace: withSpans(rest.trace, spans) };
  return { ...rest, spans };
}

/** Lets the browser answer to the reader and paint. */
function pause(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise(resume => {
    port1.onmessage = () => {
      port1.close();
      resume();
    };
    port2.postMessage(null);
  });
}
