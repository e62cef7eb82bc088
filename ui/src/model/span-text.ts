/** What a span is called in a list, where its own name is a word that many share. */

import { attributeText } from "./attribute.ts";
import { PHASE_TEXT, type Span } from "./trace.ts";

/** A platform's phase by its name in words, everything else as its client named it. */
export function spanTitle(span: Span): string {
  const isPhase = span.phase !== "" && span.phase !== "invocation";
  return (isPhase && PHASE_TEXT[span.phase]) || span.name;
}

/** Whom it talked to, from the first convention that tells; empty where none does, or where its name says it. */
export function spanTarget(span: Span): string {
  const text = (...keys: string[]) => keys.map(key => attributeText(span.attributes, key)).find(found => found);
  const found =
    address(text("url.full", "http.url")) ??
    text("messaging.destination.name", "messaging.destination", "db.query.summary", "rpc.service") ??
    address(text("url.path", "http.target")) ??
    text("peer.service", "server.address", "net.peer.name", "db.namespace", "db.name", "db.system.name", "db.system");
  return found === undefined || span.name.includes(found) ? "" : found;
}

/** Without what is different every time: scheme, credentials, query. */
function address(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const [whole = ""] = url.split(/[?#]/);
  const plain = whole.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").replace(/^[^/@]*@/, "");
  return plain === "/" || plain === "" ? undefined : plain.replace(/\/$/, "");
}
