/** Reads answers that hold a trace, in slices: the page stays alive while a hundred thousand spans come. */

import type * as z from "zod/mini";

import type { Span } from "../model/trace.ts";
import { readBlock } from "./blocks.ts";
import { LineCutter } from "./line-cutter.ts";
import { ApiError, open, type Parameters, parsed } from "./request.ts";

/** So long may a slice take, in milliseconds: half a frame. */
const SLICE_MS = 8;

export async function getWithTrace<Schema extends z.ZodMiniType>(
  path: string,
  parameters: Parameters,
  schema: Schema,
  signal: AbortSignal,
): Promise<z.output<Schema>> {
  const response = await open(path, { ...parameters, spans: "blocks" }, signal);
  const cutter = new LineCutter();
  const spans: Span[] = [];
  let since = performance.now();
  for await (const text of textOf(response)) {
    for (const line of cutter.cut(text)) {
      spans.push(...read(jsonOf(line)));
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

function read(block: unknown): readonly Span[] {
  try {
    return readBlock(block);
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

/** The trace, or what holds one, with the spans that were cut out of it, and those of blocks that were not. */
export function withSpans(rest: unknown, spans: Span[]): unknown {
  if (typeof rest !== "object" || rest === null) return rest;
  if ("trace" in rest) return { ...rest, trace: withSpans(rest.trace, spans) };
  if (!("blocks" in rest) || !Array.isArray(rest.blocks)) return rest;
  for (const block of rest.blocks) spans.push(...read(block));
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
