/** A tail as a page shows it: what came, where it stands, and the ways to hold it. */

import { useEffect, useReducer, useState } from "react";

import { follow, type TailQuestion } from "../../api/tail.ts";
import {
  type Connection,
  EMPTY,
  emptied,
  goneOn,
  type News,
  paused,
  type TailList,
  withNews,
} from "../../model/tail.ts";

export interface Tail {
  readonly list: TailList;
  readonly connection: Connection;
  /** Why it can't be followed at all. */
  readonly error: Error | null;
  readonly pause: () => void;
  readonly goOn: () => void;
  readonly clear: () => void;
  readonly again: () => void;
}

type Step = "begin" | "pause" | "go on" | "clear" | "gap" | readonly News[];

function stepped(list: TailList, step: Step): TailList {
  switch (step) {
    case "begin":
      return EMPTY;
    case "pause":
      return paused(list);
    case "go on":
      return goneOn(list);
    case "clear":
      return emptied(list);
    case "gap":
      return { ...list, hasGaps: true };
    default:
      return withNews(list, step);
  }
}

export function useTail(question: TailQuestion): Tail {
  const [list, step] = useReducer(stepped, EMPTY);
  const [connection, setConnection] = useState<Connection>({ kind: "connecting" });
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const asked = JSON.stringify(question);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it begins again when it is asked to
  useEffect(() => {
    const end = new AbortController();
    step("begin");
    setError(null);
    const heard = { onNews: step, onGap: () => step("gap"), onConnection: setConnection };
    follow(JSON.parse(asked) as TailQuestion, heard, end.signal).catch((problem: unknown) => {
      if (!end.signal.aborted) setError(problem instanceof Error ? problem : new Error(String(problem)));
    });
    return () => end.abort();
  }, [asked, attempt]);
  return {
    list,
    connection,
    error,
    pause: () => step("pause"),
    goOn: () => step("go on"),
    clear: () => step("clear"),
    again: () => setAttempt(attempt + 1),
  };
}
