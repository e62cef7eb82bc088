/** What may stand where somebody types: asked when the typing pauses; an answer that comes too late is dropped. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { suggestionsQuery } from "../../api/trace-search.ts";
import { type Completion, carried, type Typed } from "../../model/query-text.ts";
import type { Range } from "../../model/range.ts";

/** Shorter than a pause between two words, longer than one between two letters. */
const PAUSE_MS = 120;

/** @param typed null where nothing is wanted. */
export function useCompletion(typed: Typed | null, range: Range): Completion | null {
  const [asked, ask] = useState<Typed | null>(null);
  const [known, know] = useState<Completion | null>(null);
  const { text, at } = typed ?? { text: null, at: 0 };
  useEffect(() => {
    if (text === null) return ask(null);
    const timer = setTimeout(() => ask({ text, at }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, at]);
  const { data } = useQuery(suggestionsQuery(asked, range));
  useEffect(() => {
    if (data !== undefined) know(data);
  }, [data]);
  if (typed === null || known === null) return null;
  const isOfNow = known.typed.text === typed.text && known.typed.at === typed.at;
  const completion = isOfNow ? known : carried(known, typed);
  return completion === null || completion.suggestions.length === 0 ? null : completion;
}
