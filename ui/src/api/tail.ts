/** Follows what comes. A stream that breaks off is taken up again where it was, until nobody follows any more. */

import * as z from "zod/mini";

import { now, type Time } from "../base/time.ts";
import { EventReader, type ServerEvent } from "../model/server-events.ts";
import type { Connection, News, TailSubject } from "../model/tail.ts";
import type { Question } from "./call.ts";
import { ApiError, open, problemOf } from "./request.ts";
import { invocation, log } from "./schemas.ts";

export interface TailQuestion {
  readonly of: TailSubject;
  readonly function: string;
  /** Of invocations. */
  readonly outcome: string;
  readonly cold: string;
  /** Of lines. */
  readonly severity: string;
  readonly text: string;
}

/** What is followed, for who wants to know what is asked for it: each look asks the same. */
export function lookQuestion(question: TailQuestion): Question {
  return { queryFn: ({ signal }: { readonly signal: AbortSignal }) => open("tail", { ...question }, signal) };
}

export interface Heard {
  readonly onNews: (news: readonly News[]) => void;
  /** More came than could be followed. */
  readonly onGap: () => void;
  readonly onConnection: (connection: Connection) => void;
}

const RETRY_MS = 2_000;
const LONGEST_MS = 15_000;

/** Ends when the signal says so; fails where asking again would not help. */
export async function follow(question: TailQuestion, heard: Heard, signal: AbortSignal): Promise<void> {
  const search = new URLSearchParams(Object.entries(question).filter(([, value]) => value !== ""));
  let position: string | null = null;
  let since: Time | null = null;
  let pause = RETRY_MS;
  const onOpen = () => {
    since = null;
    pause = RETRY_MS;
    heard.onConnection({ kind: "open" });
  };
  heard.onConnection({ kind: "connecting" });
  while (!signal.aborted) {
    const ended = await listen(`/api/v1/tail?${search}`, position, signal, {
      onOpen,
      onEvents: events => {
        position = events.at(-1)?.id ?? position;
        tell(events, heard);
      },
    });
    if (signal.aborted) return;
    since ??= now();
    if (ended.isFull) heard.onConnection({ kind: "full", since, why: ended.why ?? "" });
    else heard.onConnection({ kind: "reconnecting", since, why: ended.why });
    await sleep(ended.retry ?? pause, signal);
    pause = Math.min(LONGEST_MS, pause * 2);
  }
}

interface Ended {
  /** Why it can't be followed now; null where it only broke off. */
  readonly why: string | null;
  readonly isFull: boolean;
  /** When to ask again, in milliseconds, where that was told. */
  readonly retry: number | null;
}

interface Listening {
  readonly onOpen: () => void;
  readonly onEvents: (events: readonly ServerEvent[]) => void;
}

async function listen(
  address: string,
  position: string | null,
  signal: AbortSignal,
  { onOpen, onEvents }: Listening,
): Promise<Ended> {
  const brokeOff: Ended = { why: null, isFull: false, retry: null };
  const headers = { accept: "text/event-stream", ...(position !== null && { "last-event-id": position }) };
  try {
    const response = await fetch(address, { headers, signal, cache: "no-store" });
    if (!response.ok || response.body === null) return await refused(response);
    onOpen();
    const reader = new EventReader();
    const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      const events = reader.push(piece.value);
      if (events.length > 0) onEvents(events);
    }
    return brokeOff;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    return brokeOff;
  }
}

/** Fails where what was asked is wrong: it would be wrong again. */
async function refused(response: Response): Promise<Ended> {
  const problem = await problemOf(response);
  const isFull = response.status === 429;
  if (!isFull && response.status < 500) throw problem;
  const seconds = Number(response.headers.get("retry-after") ?? "");
  return { why: problem.message, isFull, retry: seconds > 0 ? seconds * 1000 : null };
}

function tell(events: readonly ServerEvent[], { onNews, onGap, onConnection }: Heard): void {
  const news = events.flatMap(event => newsOf(event) ?? []);
  if (news.length > 0) onNews(news);
  if (events.some(event => event.name === "skipped")) onGap();
  const last = events.at(-1)?.name;
  if (last === "unavailable") onConnection({ kind: "waiting" });
  else onConnection({ kind: "open" });
}

/** Null for what is no news, or not as the API promises it. */
function newsOf({ name, data, id }: ServerEvent): News | null {
  if (name !== "invocation" && name !== "log") return null;
  let sent: unknown;
  try {
    sent = JSON.parse(data);
  } catch {
    return null;
  }
  if (name === "log") {
    const line = z.safeParse(log, sent);
    return line.success ? { kind: "log", key: id ?? data, line: line.data } : null;
  }
  const read = z.safeParse(invocation, sent);
  return read.success ? { kind: "invocation", key: read.data.requestId, invocation: read.data } : null;
}

function sleep(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise(done => {
    const timer = setTimeout(done, millis);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
