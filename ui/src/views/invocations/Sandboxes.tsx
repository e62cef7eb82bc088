/**
 * What ran the function: how many sandboxes, how many invocations at once, what was made ready for nobody, the life of each.
 * Asked only when somebody asks.
 */

import type { UseQueryResult } from "@tanstack/react-query";
import { type JSX, type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from "react";

import type { SandboxesInRange } from "../../api/queries.ts";
import { formatBytes, formatCount, formatDollars, formatDuration, plural } from "../../base/format.ts";
import { after, between, MINUTE } from "../../base/time.ts";
import {
  type FunctionSandboxes,
  lifeAxis,
  memoryUse,
  mostAtOnce,
  newestFirst,
  type Sandbox,
  type UnusedSandboxes,
} from "../../model/sandboxes.ts";
import { tokenColours } from "../../widgets/Canvas.tsx";
import { ColdMark } from "../../widgets/ColdMark.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Meter } from "../../widgets/Meter.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";
import { TimeMarks } from "../../widgets/TimeMarks.tsx";
import { useColourScheme } from "../../widgets/theme.ts";
import { Concurrency } from "./Concurrency.tsx";
import { LIFE_TOKENS } from "./draw-lifeline.ts";
import { Life } from "./Life.tsx";

interface SandboxesProps {
  readonly isOpen: boolean;
  readonly query: UseQueryResult<SandboxesInRange>;
  /** The way to the query behind it. */
  readonly behind: ReactNode;
  readonly onOpen: (isOpen: boolean) => void;
}

/** So many do not hide what comes below. */
const FEW = 12;

export function Sandboxes({ isOpen, query, behind, onOpen }: SandboxesProps): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const toggle = () => onOpen(!isOpen);
  const byKey = () => {
    button.current?.focus();
    toggle();
  };
  useKeys("Sandboxes", [{ keys: ["s"], does: isOpen ? "fold the sandboxes" : "show the sandboxes", run: byKey }]);
  return (
    <section
      className="panel sandboxes"
      id="sandboxes"
      tabIndex={-1}
      aria-labelledby="sandboxes-title"
      aria-busy={query.isFetching}
    >
      <header>
        <h2 id="sandboxes-title">Sandboxes</h2>
        {behind}
        <button ref={button} type="button" className="button" aria-expanded={isOpen} onClick={toggle}>
          {isOpen ? "Fold" : "Show"} <kbd>s</kbd>
        </button>
      </header>
      {!isOpen ? (
        <p className="sandboxes-idle">How many were needed, what each of them did, and which were there for nobody.</p>
      ) : query.data === undefined ? (
        <Waiting error={query.error} what="sandboxes" rows={4} retry={query.refetch} />
      ) : (
        <Answer of={query.data} />
      )}
    </section>
  );
}

function Answer({ of: { of, from, to } }: { readonly of: SandboxesInRange }): JSX.Element {
  const { sandboxes, concurrency, step } = of;
  return (
    <>
      <Summary of={of} />
      {concurrency !== null && concurrency.length > 0 && (
        <>
          <h3>At once</h3>
          <Concurrency points={concurrency} step={step} range={{ from, to }} />
        </>
      )}
      {sandboxes.length > 0 && <Lives of={of} range={{ from, to }} />}
    </>
  );
}

function Summary({ of }: { readonly of: FunctionSandboxes }): JSX.Element {
  const most = mostAtOnce(of);
  return (
    <p className="sandboxes-told">
      {of.total === 0 ? (
        "No invocation of this range told which sandbox ran it"
      ) : (
        <>
          <strong>{plural(of.total, "sandbox", "sandboxes")}</strong> served
        </>
      )}
      {most === null ? (
        ", and there are too many invocations to count how many ran at once"
      ) : most > 0 ? (
        <>
          , at most <strong>{plural(most, "invocation")}</strong> ran at once
        </>
      ) : null}
      {of.unused.sandboxes > 0 && <Unused of={of.unused} />}.
    </p>
  );
}

function Unused({ of: { sandboxes, prepared, cost } }: { readonly of: UnusedSandboxes }): JSX.Element {
  return (
    <>
      , and{" "}
      <strong
        className="wasted"
        title="Their init ended, and no invocation came: provisioned, or made ready ahead of need"
      >
        {formatCount(sandboxes)} {sandboxes === 1 ? "was" : "were"} made ready for nobody
      </strong>
      , with {formatDuration(prepared)} of init together
      {cost !== null && cost > 0n && (
        <>
          {" "}
          that cost <strong>{formatDollars(cost)}</strong>
        </>
      )}
    </>
  );
}

interface LivesProps {
  readonly of: FunctionSandboxes;
  readonly range: { readonly from: SandboxesInRange["from"]; readonly to: SandboxesInRange["to"] };
}

function Lives({ of: { sandboxes, total }, range: { from, to } }: LivesProps): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  const scheme = useColourScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: other colours are other values
  const colours = useMemo(() => tokenColours(LIFE_TOKENS), [scheme]);
  const all = useMemo(() => newestFirst(sandboxes), [sandboxes]);
  const axis = useMemo(() => lifeAxis(sandboxes, { from, to }), [sandboxes, from, to]);
  const [isWhole, setWhole] = useState(false);
  const [stop, setStop] = useState("");
  const [said, say] = useState("");
  const shown = isWhole ? all : all.slice(0, FEW);
  const stopId = shown.some(one => one.id === stop) ? stop : shown[0]?.id;

  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0 || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const links = [...(body.current?.querySelectorAll<HTMLElement>("a.life") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    if (at === -1) return;
    event.preventDefault();
    links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  };
  const columns: Column<Sandbox>[] = [
    { id: "sandbox", title: "Sandbox", narrow: "head", cell: one => <Name of={one} /> },
    {
      id: "life",
      title: "Life",
      heading: <TimeMarks from={axis.from} to={axis.to} />,
      cell: one => (
        <Life
          of={one}
          axis={axis}
          colours={colours}
          isStop={one.id === stopId}
          onFocus={() => setStop(one.id)}
          onSay={say}
        />
      ),
    },
    { id: "start", title: "Start", cell: one => <Start of={one} /> },
    { id: "served", title: "Served", align: "end", cell: one => <Served of={one} /> },
    {
      id: "memory",
      title: "Memory used, first to last",
      hint: "The most that was used after its first invocation and after its last, of what is configured",
      align: "end",
      cell: one => <Memory of={one} />,
    },
  ];
  return (
    <>
      <header>
        <h3>One by one, the newest first</h3>
        <Legend
          isOpen={all.some(({ runs }) => runs.some(run => run.outcome === "running"))}
          isUntold={all.some(({ runs, invocations }) => runs.length < invocations)}
        />
      </header>
      <p className="sandboxes-note">
        {sandboxes.length < total && `The ${formatCount(sandboxes.length)} that were used last. `}A mark leads to its
        invocation
        <span className="wide-only">
          : point at it, or take <kbd>↑</kbd> <kbd>↓</kbd> <kbd>←</kbd> <kbd>→</kbd> and <kbd>enter</kbd>
        </span>
        .
      </p>
      <div ref={body} data-own-arrows onKeyDown={onKeyDown} role="group" aria-label="Lives of the sandboxes">
        <div className="life-times">
          <TimeMarks from={axis.from} to={axis.to} />
        </div>
        <PlainTable label="Sandboxes" columns={columns} rows={shown} keyOf={one => one.id} />
      </div>
      <p className="hidden" role="status">
        {said}
      </p>
      {all.length > FEW && (
        <button type="button" className="button sandboxes-more" onClick={() => setWhole(!isWhole)}>
          {isWhole ? `Show the newest ${FEW}` : `Show all ${formatCount(all.length)}`}
        </button>
      )}
    </>
  );
}

function Name({ of: { id, version } }: { readonly of: Sandbox }): JSX.Element {
  return (
    <span className="sandbox-name">
      <code title={id}>{id}</code>
      {version !== null && version !== "" && (
        <span className="sub" title={version}>
          version {version}
        </span>
      )}
    </span>
  );
}

function Start({ of: { cold, prepared, first } }: { readonly of: Sandbox }): JSX.Element {
  if (prepared === null) return <ColdMark cold={cold} />;
  const idle = between(after(prepared.start, prepared.duration), first);
  return (
    <>
      <ColdMark cold={cold} />
      <span className="sub">
        {prepared.kind} {formatDuration(prepared.duration)}
        {idle >= MINUTE && `, ${formatDuration(idle)} before`}
      </span>
    </>
  );
}

function Served({ of: { invocations, errors } }: { readonly of: Sandbox }): JSX.Element {
  return (
    <>
      {formatCount(invocations)}
      {errors > 0 && <span className="sub bad">{formatCount(errors)} failed</span>}
    </>
  );
}

function Memory({ of }: { readonly of: Sandbox }): JSX.Element {
  const use = memoryUse(of);
  if (use === null) return <span className="none">–</span>;
  return (
    <>
      {use.first !== null && `${formatBytes(use.first)} → `}
      {formatBytes(use.last)}
      {of.memoryBytes !== null && use.part !== null && (
        <span className="sub">
          of {formatBytes(of.memoryBytes)}
          <Meter part={use.part} />
        </span>
      )}
    </>
  );
}

interface LegendProps {
  /** Whether some still run. */
  readonly isOpen: boolean;
  /** Whether not all that was served is told one by one. */
  readonly isUntold: boolean;
}

function Legend({ isOpen, isUntold }: LegendProps): JSX.Element {
  return (
    <ul className="legend" aria-hidden="true">
      <Named name="init or restore">
        <rect className="legend-cold" x={4} y={3} width={8} height={6} />
      </Named>
      <Named name="served">
        <rect className="life-served" x={2} y={1} width={3} height={10} />
        <rect className="life-served" x={10} y={1} width={6} height={10} />
      </Named>
      <Named name="failed">
        <path className="legend-error" d="M5 0h8v3h-2.5v9h-3V3H5z" />
      </Named>
      {isOpen && (
        <Named name="running">
          <rect className="life-open" x={2.5} y={1.5} width={13} height={9} />
        </Named>
      )}
      <Named name="frozen">
        <rect className="life-frozen" y={5} width={22} height={2} />
      </Named>
      {isUntold && (
        <Named name="served earlier, not one by one">
          <rect className="life-frozen" y={3} width={22} height={6} />
        </Named>
      )}
    </ul>
  );
}

function Named({ name, children }: { readonly name: string; readonly children: JSX.Element | JSX.Element[] }) {
  return (
    <li>
      <svg viewBox="0 0 22 12" aria-hidden="true">
        {children}
      </svg>
      {name}
    </li>
  );
}
