/** Values over time against a threshold, as a chart has them: both axes from 0 to 1, the lower edge at 1. */

import type { Unit } from "./reading.ts";
import { ticks } from "./ticks.ts";

export interface ChartPoint {
  /** From 0 to 1. */
  readonly at: number;
  readonly value: number | null;
}

export interface ValueScale {
  readonly most: number;
  /** Round values to name, the lowest first. */
  readonly marks: readonly number[];
}

/** Air above the highest. */
const ROOM = 1.08;
const MARKS = 4;

/** From zero to what is highest, the threshold included. */
export function valueScale(values: Iterable<number | null>, threshold: number | null, unit: Unit): ValueScale {
  let highest = threshold ?? 0;
  for (const value of values) {
    if (value !== null && value > highest) highest = value;
  }
  if (highest <= 0) highest = 1;
  const most = unit === "share" ? Math.min(highest * ROOM, 1) : highest * ROOM;
  return { most, marks: marksTo(most, unit) };
}

function marksTo(most: number, unit: Unit): number[] {
  if (unit === "nanos") return ticks(0, most, MARKS);
  const power = 10 ** Math.floor(Math.log10(most / MARKS));
  const step = power * ([1, 2, 5, 10].find(factor => factor * power * MARKS >= most * 0.999_999) ?? 10);
  const whole = unit === "count" ? Math.max(1, step) : step;
  return Array.from({ length: Math.floor(most / whole + 1e-9) + 1 }, (_, at) => at * whole);
}

export const heightOf = (value: number, { most }: ValueScale): number => 1 - Math.min(1, Math.max(0, value / most));

/** A line as SVG has it, in thousandths; it breaks where there is no value, and a value that stands alone is a dash. */
export function linePath(points: readonly ChartPoint[], scale: ValueScale): string {
  const parts: string[] = [];
  let open = false;
  points.forEach(({ at, value }, index) => {
    if (value === null) {
      open = false;
      return;
    }
    const x = (at * 1000).toFixed(1);
    const y = (heightOf(value, scale) * 1000).toFixed(1);
    parts.push(`${open ? "L" : "M"}${x} ${y}`);
    const isAlone = !open && (points[index + 1]?.value ?? null) === null;
    if (isAlone) parts.push("h2");
    open = true;
  });
  return parts.join("");
}
