import { SEVERITY_NAMES, type SeverityName } from "../../model/log-line.ts";
import type { TailSubject } from "../../model/tail.ts";

export interface TailSearch {
  /** Absent for invocations. */
  readonly of?: Exclude<TailSubject, "invocations">;
  readonly function?: string;
  /** Of invocations: those that failed only, those that waited for a start only. */
  readonly only?: "failed" | "cold";
  /** Of lines. */
  readonly severity?: SeverityName;
  readonly text?: string;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

export function parseTailSearch(raw: Record<string, unknown>): TailSearch {
  const name = isText(raw.function) && { function: raw.function };
  if (raw.of !== "logs") {
    return { ...name, ...((raw.only === "failed" || raw.only === "cold") && { only: raw.only }) };
  }
  const severity = SEVERITY_NAMES.find(one => one === raw.severity);
  return {
    of: raw.of,
    ...name,
    ...(severity !== undefined && { severity }),
    ...(isText(raw.text) && { text: raw.text }),
  };
}
