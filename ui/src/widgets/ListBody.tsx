import type { JSX, ReactNode } from "react";

import type { Listing } from "../api/listing.ts";
import { MoreRows } from "./MoreRows.tsx";
import { Waiting } from "./Notice.tsx";

interface ListBodyProps<Item> {
  readonly listing: Listing<Item>;
  readonly what: string;
  readonly empty: ReactNode;
  readonly children: (items: readonly Item[]) => ReactNode;
}

/** A paged list in each of its states. */
export function ListBody<Item>({ listing, what, empty, children }: ListBodyProps<Item>): JSX.Element {
  const { items, total, more, readingMore } = listing;
  if (items === undefined) return <Waiting error={listing.error} what={what} rows={10} retry={listing.read} />;
  if (items.length === 0) return <>{empty}</>;
  return (
    <>
      {children(items)}
      <MoreRows shown={items.length} total={total} what={what} loading={readingMore} more={more} />
    </>
  );
}
