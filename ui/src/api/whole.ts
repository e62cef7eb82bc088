/** A list in full, however many pages it has. */

import { now, type Time } from "../base/time.ts";
import { bounds, type Range } from "../model/range.ts";

interface Piece<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

interface PieceStart {
  readonly from: Time;
  readonly to: Time;
  readonly cursor: string | null;
}

interface RangedSource<Item> {
  readonly range: Range;
  readonly read: (start: PieceStart, signal: AbortSignal) => Promise<Piece<Item>>;
}

interface TimelessSource<Item> {
  readonly read: (cursor: string | null, signal: AbortSignal) => Promise<Piece<Item>>;
}

/** What is listed page by page: in a range of time, or whatever the time. */
export type Source<Item> = RangedSource<Item> | TimelessSource<Item>;

/** How one page of it is read; all lie in the range as it is now. */
export function reader<Item>(of: Source<Item>): TimelessSource<Item>["read"] {
  if (!("range" in of)) return of.read;
  const within = bounds(of.range, now());
  return (cursor, signal) => of.read({ ...within, cursor }, signal);
}

export interface WholeList<Item> {
  readonly items: readonly Item[];
  /** There are more than were to be read. */
  readonly isCut: boolean;
}

/** @param onRead is told how many there are so far. */
export async function readWhole<Item>(
  of: Source<Item>,
  most: number,
  onRead: (count: number) => void,
  signal: AbortSignal,
): Promise<WholeList<Item>> {
  const read = reader(of);
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const piece: Piece<Item> = await read(cursor, signal);
    items.push(...piece.items);
    cursor = piece.next;
    onRead(items.length);
  } while (cursor !== null && items.length < most);
  return { items: items.slice(0, most), isCut: cursor !== null || items.length > most };
}
