import { SEVERITY_NAMES, type SeverityName } from "../../model/log-line.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export interface LogsSearch extends RangeSearch {
  /** Of this function or service. */
  readonly function?: string;
  /** As severe or more. */
  readonly severity?: SeverityName;
  /** What the line has. */
  readonly text?: string;
  /** Whether that is words in any order; absent for one text. */
  readonly match?: "words";
  readonly request?: string;
  readonly trace?: string;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

export function parseLogsSearch(raw: Record<string, unknown>): LogsSearch {
  const { text, match, request, trace } = raw;
  const severity = SEVERITY_NAMES.find(name => name === raw.severity);
  return {
    ...parseRangeSearch(raw),
    ...(isText(raw.function) && { function: raw.function }),
    ...(severity !== undefined && { severity }),
    ...(isText(text) && { text }),
    ...(match === "words" && { match }),
    ...(isText(request) && { request }),
    ...(isText(trace) && /^[0-9a-fA-F]{32}$/.test(trace) && { trace }),
  };
}
