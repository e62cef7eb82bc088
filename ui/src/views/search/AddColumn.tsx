import type { JSX } from "react";

import { withSelected } from "../../model/query-text.ts";
import { FieldChooser } from "./FieldChooser.tsx";
import type { SearchSearch } from "./url.ts";

/** One more of what spans have, as a column of the list: the query selects it. */
export function AddColumn({ id, search }: { readonly id: string; readonly search: SearchSearch }): JSX.Element {
  const query = search.q ?? "";
  return (
    <section className="panel add-column" id={id} aria-label="Add a column">
      <FieldChooser
        label="Columns"
        search={search}
        before={`${query} | select(`}
        with={field => ({ ...search, q: withSelected(query, field) })}
      />
    </section>
  );
}
