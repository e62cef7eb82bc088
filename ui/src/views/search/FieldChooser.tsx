import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { suggestionsQuery } from "../../api/trace-search.ts";
import { formatCount } from "../../base/format.ts";
import type { Suggestion } from "../../model/query-text.ts";
import { rangeOf } from "../../model/range.ts";
import { fieldsToChoose } from "../../model/search-fields.ts";
import type { SearchSearch } from "./url.ts";

interface FieldChooserProps {
  readonly label: string;
  readonly search: SearchSearch;
  /** The query as far as the field that comes next. */
  readonly before: string;
  /** Where a field leads. */
  readonly with: (field: string) => SearchSearch;
}

/** What spans of the range have, the likeliest first: each leads to the query with it. */
export function FieldChooser({ label, search, before, with: chosen }: FieldChooserProps): JSX.Element {
  const { data, isPending } = useQuery(suggestionsQuery({ text: before, at: before.length }, rangeOf(search)));
  if (isPending) return <div className="fields-waiting" role="status" aria-label="Loading fields" />;
  const { likely, other } = fieldsToChoose(data?.suggestions ?? []);
  return (
    <div className="fields">
      <Fields label={label} of={likely} with={chosen} />
      {other.length > 0 && (
        <details>
          <summary>{formatCount(other.length)} more</summary>
          <Fields label={`More: ${label}`} of={other} with={chosen} />
        </details>
      )}
    </div>
  );
}

interface FieldsProps {
  readonly label: string;
  readonly of: readonly Suggestion[];
  readonly with: (field: string) => SearchSearch;
}

function Fields({ label, of, with: chosen }: FieldsProps): JSX.Element {
  return (
    <ul className="chips" aria-label={label}>
      {of.map(({ text, count }) => (
        <li key={text}>
          <Link className="chip" to="/search" search={chosen(text)}>
            <code>{text}</code>
            {count !== null && <span className="faint">{formatCount(count)}</span>}
          </Link>
        </li>
      ))}
    </ul>
  );
}
