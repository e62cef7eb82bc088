/** A query to the store, and what it took. */

import type { Nanos } from "../base/time.ts";

export interface ShownQuery {
  readonly sql: string;
  readonly took: Nanos;
  /** That were read. */
  readonly rows: number;
  /** Unpacked. */
  readonly bytes: number;
}
