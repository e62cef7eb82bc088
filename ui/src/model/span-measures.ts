/** What spans are measured and sorted by. */

export const MEASURES = ["total", "self", "critical"] as const;
/**
 * How long spans took; how long they took without their children, which adds up; how long the whole waited for them and
 * what is below, which adds up, too.
 */
export type Measure = (typeof MEASURES)[number];

export const TABLE_SORTS = ["start", "duration", "self", "critical", "name", "service"] as const;
export type TableSort = (typeof TABLE_SORTS)[number];
