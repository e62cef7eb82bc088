/** What the function is given and what it takes: memory set and used, billed time, and what that costs. */

import { type JSX, useCallback, useMemo } from "react";

import type { FunctionInRange } from "../../api/queries.ts";
import { formatBytes, formatDollars, formatDuration, formatMinute, formatPart, plural } from "../../base/format.ts";
import { dollars } from "../../base/money.ts";
import { longest, nanos } from "../../base/time.ts";
import { type FunctionPoint, perMonth } from "../../model/function-detail.ts";
import { inSteps, type Steps, startOf, stepsOf } from "../../model/steps.ts";
import { type Surface, tokenColours } from "../../widgets/Canvas.tsx";
import { Figure } from "../../widgets/Figure.tsx";
import { Meter } from "../../widgets/Meter.tsx";
import { Named, StepChart } from "../../widgets/StepChart.tsx";
import { MemorySizes } from "./FunctionParts.tsx";

const MEMORY_HEIGHT = 84;
const BILLED_HEIGHT = 56;
const GAP = 14;
const HEIGHT = MEMORY_HEIGHT + GAP + BILLED_HEIGHT;
/** Narrower steps stand without a gap between them. */
const GAPPED = 4;
const MILLION = 1_000_000n;

interface MemoryAndCostProps {
  /** Undefined until it has come. */
  readonly of: FunctionInRange | undefined;
  readonly stale: boolean;
}

export function MemoryAndCost({ of, stale }: MemoryAndCostProps): JSX.Element {
  return (
    <section
      className={stale ? "panel section stale" : "panel section"}
      id="memory"
      tabIndex={-1}
      aria-labelledby="memory-title"
    >
      <header>
        <h2 id="memory-title">Memory and cost</h2>
        {of !== undefined && of.detail.cost !== null && (
          <p className="section-ways">prices of {of.detail.pricesOf}, without the free tier</p>
        )}
      </header>
      {of === undefined ? (
        <div className="memory-waiting" role="status" aria-label="Loading memory and cost" />
      ) : (
        <Told of={of} />
      )}
    </section>
  );
}

function Told({ of }: { readonly of: FunctionInRange }): JSX.Element {
  const { detail, from, to } = of;
  const { summary, billed, cost, memorySizes } = detail;
  const used = most(detail.points.map(point => point.maxMemoryBytes));
  const set = most(memorySizes.map(size => size.memoryBytes));
  const count = BigInt(summary.invocations);
  return (
    <>
      <dl className="figures">
        {set !== null && set > 0n && (
          <Figure title={memorySizes.length > 1 ? "Most memory set" : "Memory set"}>{formatBytes(set)}</Figure>
        )}
        {used !== null && (
          <Figure title="Most memory used" note={set === null || set === 0n ? undefined : formatPart(part(used, set))}>
            {formatBytes(used)}
            {set !== null && set > 0n && <Meter part={part(used, set)} />}
          </Figure>
        )}
        <Figure title="Billed">{billed === 0n ? "not told" : formatDuration(billed)}</Figure>
        {billed > 0n && count > 0n && (
          <Figure title="Billed on average">{formatDuration(nanos(billed / count))}</Figure>
        )}
        {cost !== null && (
          <>
            <Figure title="Cost">{formatDollars(cost)}</Figure>
            <Figure title="A month like this">{formatDollars(perMonth(cost, from, to))}</Figure>
            {count > 0n && (
              <Figure title="A million invocations">{formatDollars(dollars((cost * MILLION) / count))}</Figure>
            )}
          </>
        )}
      </dl>
      <MemoryChart of={of} set={set} />
      {memorySizes.length > 1 && <MemorySizes detail={detail} />}
    </>
  );
}

const part = (used: bigint, set: bigint): number => Number(used) / Number(set);

function most(sizes: readonly (bigint | null)[]): bigint | null {
  const known = sizes.filter(size => size !== null);
  return known.length === 0 ? null : longest(known);
}

interface MemoryChartProps {
  readonly of: FunctionInRange;
  readonly set: bigint | null;
}

function MemoryChart({ of: { detail, from, to }, set }: MemoryChartProps): JSX.Element {
  const steps = useMemo(() => stepsOf(from, to, detail.step), [from, to, detail.step]);
  const points = useMemo(() => inSteps(steps, detail.points), [steps, detail.points]);
  const used = most(detail.points.map(point => point.maxMemoryBytes)) ?? 0n;
  const limit = longest([set ?? 0n, used]);
  const billed = longest(detail.points.map(point => point.billed));
  const draw = useCallback((surface: Surface) => drawMemory(surface, points, limit, billed), [points, limit, billed]);
  return (
    <StepChart
      label="Memory and billed time over time"
      steps={steps}
      stops={points.flatMap((point, step) => (point === undefined ? [] : [step]))}
      told={step => told(points[step], steps, step)}
      draw={draw}
      height={HEIGHT}
      marks={[
        { text: limit === 0n ? "" : formatBytes(limit), top: 6, hint: "Memory that is set" },
        { text: "0", top: MEMORY_HEIGHT - 4 },
        { text: billed === 0n ? "" : formatDuration(billed), top: MEMORY_HEIGHT + GAP + 6, hint: "The most of a step" },
      ]}
      legend={
        <ul className="legend" aria-hidden="true">
          <Named className="memory-used" name="most memory used" />
          <Named className="memory-billed" name="billed time" />
        </ul>
      }
    />
  );
}

/** `14:05 – 14:10: at most 212 MB used; 41.2 s billed for 340 invocations`. */
function told(point: FunctionPoint | undefined, steps: Steps, step: number): string {
  if (point === undefined) return "";
  const times = `${formatMinute(startOf(steps, step))} – ${formatMinute(startOf(steps, step + 1))}`;
  const used = point.maxMemoryBytes === null ? "memory not told" : `at most ${formatBytes(point.maxMemoryBytes)} used`;
  const billed = point.billed === 0n ? "nothing billed" : `${formatDuration(point.billed)} billed`;
  return `${times}: ${used}; ${billed} for ${plural(point.invocations, "invocation")}`;
}

function drawMemory(
  { context, width }: Surface,
  points: readonly (FunctionPoint | undefined)[],
  limit: bigint,
  billed: bigint,
): void {
  const colours = tokenColours({ used: "--service-0", billed: "--line-strong", line: "--line", limit: "--warn" });
  const each = width / points.length;
  context.fillStyle = colours.line;
  context.fillRect(0, MEMORY_HEIGHT - 1, width, 1);
  context.fillRect(0, HEIGHT - 1, width, 1);
  context.fillStyle = limit === 0n ? colours.line : colours.limit;
  context.fillRect(0, 0, width, 1);
  points.forEach((point, step) => {
    if (point === undefined) return;
    const left = Math.round(step * each);
    const wide = Math.max(1, Math.round((step + 1) * each) - left - (each >= GAPPED ? 1 : 0));
    if (point.maxMemoryBytes !== null && limit > 0n) {
      const height = part(point.maxMemoryBytes, limit) * (MEMORY_HEIGHT - 2);
      context.fillStyle = colours.used;
      context.globalAlpha = 0.35;
      context.fillRect(left, MEMORY_HEIGHT - 1 - height, wide, height);
      context.globalAlpha = 1;
      context.fillRect(left, MEMORY_HEIGHT - 1 - height, wide, 2);
    }
    if (point.billed > 0n && billed > 0n) {
      const height = Math.max(1.5, part(point.billed, billed) * (BILLED_HEIGHT - 2));
      context.fillStyle = colours.billed;
      context.fillRect(left, HEIGHT - 1 - height, wide, height);
    }
  });
}
