import { type JSX, useState } from "react";

import { type FoundTraces, PAGE } from "../../api/trace-search.ts";
import { now } from "../../base/time.ts";
import { curlOf } from "../../model/curl.ts";
import { bounds, rangeOf } from "../../model/range.ts";
import { copy, useCopied } from "../../widgets/Copy.tsx";
import { Icon, type IconName } from "../../widgets/Icon.tsx";
import { type SearchSearch, withoutRange } from "./url.ts";

interface CopyAnswerProps {
  /** The query as it was put to the API. */
  readonly asked: string;
  readonly search: SearchSearch;
  readonly found: FoundTraces | undefined;
}

/** The answer as a link that finds the same tomorrow, and as a command for a terminal. */
export function CopyAnswer({ asked, search, found }: CopyAnswerProps): JSX.Element {
  const within = () => {
    const { from, to } = found ?? bounds(rangeOf(search), now());
    return { from: String(from), to: String(to) };
  };
  const link = () => {
    const fixed = new URLSearchParams({ ...withoutRange(search), ...within() } as Record<string, string>);
    return `${location.origin}${location.pathname}?${fixed}`;
  };
  const curl = () => {
    const { from, to } = within();
    const parameters = [
      ["q", asked],
      ["from", from],
      ["to", to],
      ["limit", String(PAGE)],
    ] as const;
    return curlOf(location.origin, "/api/v1/search", parameters);
  };
  return (
    <>
      <CopyButton icon="link" name="link" hint="Of this answer, with its range as it is now" text={link} />
      <CopyButton
        icon="copy"
        name="curl"
        hint="Where keys are asked for, it takes one: -H 'x-api-key: KEY'"
        text={curl}
      />
    </>
  );
}

interface CopyButtonProps {
  readonly icon: IconName;
  readonly name: string;
  readonly hint: string;
  readonly text: () => string;
}

function CopyButton({ icon, name, hint, text }: CopyButtonProps): JSX.Element {
  const [copied, setCopied] = useCopied();
  const [failed, fail] = useState(false);
  const run = () =>
    copy(text()).then(done => {
      setCopied(done);
      fail(!done);
    });
  return (
    <button
      type="button"
      className="button copy-answer"
      aria-label={copied ? `Copied ${name}` : `Copy ${name}`}
      title={hint}
      onClick={run}
    >
      <Icon name={copied ? "check" : icon} />
      <span aria-live="polite">
        {copied ? (
          "Copied"
        ) : failed ? (
          "Can't copy"
        ) : (
          <>
            <span className="wide-only">Copy </span>
            {name}
          </>
        )}
      </span>
    </button>
  );
}
