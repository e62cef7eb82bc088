/** Ids as they are pasted from logs, headers and chats: what each is, and what is nearly one. */

export type Pasted =
  | { readonly kind: "trace"; readonly traceId: string; readonly spanId: string | null }
  | { readonly kind: "request"; readonly requestId: string }
  | { readonly kind: "error"; readonly group: string }
  /** What no form says anything of, and may be the id of a request nevertheless. */
  | { readonly kind: "unknown"; readonly requestId: string }
  | { readonly kind: "mistaken"; readonly why: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** W3C's header: version, trace, span, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
/** X-Ray's: its header has more around it. */
const XRAY = /(?:^|root=)1-([0-9a-f]{8})-([0-9a-f]{24})(?:$|;)/;

const TRACE_DIGITS = 32;
/** So many digits look like an id that is cut off, or has too many. */
const NEARLY = 20;

/** Null where it is no id of any kind. */
export function recognised(text: string): Pasted | null {
  const typed = text
    .trim()
    .replace(/^["'`]+|["'`,;]+$/g, "")
    .toLowerCase();
  const parent = TRACEPARENT.exec(typed);
  if (parent !== null) return { kind: "trace", traceId: parent[1] ?? "", spanId: parent[2] ?? null };
  const xray = XRAY.exec(typed);
  if (xray !== null) return { kind: "trace", traceId: `${xray[1]}${xray[2]}`, spanId: null };
  if (UUID.test(typed)) return { kind: "request", requestId: typed };
  if (/^[0-9a-f]{32}$/.test(typed)) {
    if (/^0+$/.test(typed)) return { kind: "mistaken", why: "A trace id is not all zeros." };
    return { kind: "trace", traceId: typed, spanId: null };
  }
  if (/^[0-9a-f]{16}$/.test(typed)) return { kind: "error", group: typed };
  if (/^[0-9a-f]+$/.test(typed) && typed.length >= NEARLY) {
    return { kind: "mistaken", why: `A trace id has ${TRACE_DIGITS} hex digits; this has ${typed.length}.` };
  }
  if (/^[0-9a-f-]+$/.test(typed) && typed.length >= NEARLY) {
    return { kind: "mistaken", why: "A request id has 8-4-4-4-12 hex digits; this has not." };
  }
  return /^[\w.:/=+-]{6,200}$/.test(typed) && /\d/.test(typed) ? { kind: "unknown", requestId: text.trim() } : null;
}
