/**
 * Where the nodes of a graph stand: in layers from left to right, who calls left of who is called.
 *
 * In steps, as Sugiyama's method has them: calls that would close a circle are turned round, each node gets its layer, calls over more
 * than one layer are led through places of their own, the order inside layers is made to cross little, and heights follow the
 * neighbours. The same graph is laid out the same, in whatever order its parts come.
 */

export interface Graph {
  /** Ids. */
  readonly nodes: readonly string[];
  readonly links: readonly Link[];
}

interface Link {
  readonly from: string;
  readonly to: string;
  /** Of a circle the calls that are made least are those that lead back. */
  readonly calls: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** From one node's side to another's. */
export interface Route {
  readonly from: string;
  readonly to: string;
  /** Where it begins, which places it passes, where it ends. */
  readonly points: readonly Point[];
  /** Whether it leads back, from right to left. */
  readonly isBack: boolean;
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  /** The upper left corner of each node. */
  readonly places: ReadonlyMap<string, Point>;
  readonly routes: readonly Route[];
}

export const NODE = { width: 196, height: 44 } as const;
/** Between two columns there is room for what a way says of itself. */
const COLUMN = NODE.width + 168;
const GAP = 16;
/** Between what has nothing to do with each other. */
const APART = 44;
/** What a call needs that passes by. */
const LANE = 14;
/** Where several calls end at one node, how far they are apart, and at most in all. */
const PORT = 7;
const PORTS = NODE.height - 16;
const SWEEPS = 12;
/** So many small groups stand side by side at least. */
const COLUMNS = 5;

/** A node, or a place that a long call is led through. */
interface Cell {
  /** Undefined for a place of a call. */
  readonly node: string | undefined;
  readonly layer: number;
  readonly height: number;
  readonly before: Cell[];
  readonly after: Cell[];
  order: number;
  /** Its middle. */
  y: number;
}

/** A call, turned round where it would close a circle. */
interface Arc {
  readonly left: string;
  readonly right: string;
  readonly isBack: boolean;
  cells: readonly Cell[];
}

interface Part {
  readonly width: number;
  readonly height: number;
  readonly cells: readonly Cell[];
  readonly arcs: readonly Arc[];
}

export function layOut(graph: Graph): MapLayout {
  const nodes = [...new Set(graph.nodes)].sort();
  const known = new Set(nodes);
  const names = graph.links.filter(({ from, to }) => known.has(from) && known.has(to));
  const links = [...new Map(names.map(link => [`${link.from}\n${link.to}`, link])).entries()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, link]) => link);
  const parts = partsOf(nodes, links).map(part =>
    laidOut(
      part,
      links.filter(({ from, to }) => from !== to && part.includes(from)),
    ),
  );
  const loops = links.filter(({ from, to }) => from === to).map(({ from }) => from);
  return together(parts, loops);
}

/** What hangs together; the largest first. */
function partsOf(nodes: readonly string[], links: Graph["links"]): string[][] {
  const neighbours = new Map(nodes.map(node => [node, [] as string[]]));
  for (const { from, to } of links) {
    neighbours.get(from)?.push(to);
    neighbours.get(to)?.push(from);
  }
  const seen = new Set<string>();
  const parts: string[][] = [];
  for (const node of nodes) {
    if (seen.has(node)) continue;
    seen.add(node);
    const part = [node];
    for (const one of part) {
      for (const next of neighbours.get(one) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        part.push(next);
      }
    }
    parts.push(part.sort());
  }
  return parts.sort((left, right) => right.length - left.length);
}

function laidOut(nodes: readonly string[], links: Graph["links"]): Part {
  const arcs = withoutCircles(nodes, links);
  const layers = layersOf(nodes, arcs);
  const cells = cellsOf(nodes, arcs, layers);
  const depth = Math.max(...cells.map(cell => cell.layer)) + 1;
  const columns = Array.from({ length: depth }, (_, layer) => cells.filter(cell => cell.layer === layer));
  for (const column of columns) for (const [at, cell] of column.entries()) cell.order = at;
  order(columns);
  place(columns);
  const top = Math.min(...cells.map(cell => cell.y - cell.height / 2));
  for (const cell of cells) cell.y -= top;
  return {
    width: (columns.length - 1) * COLUMN + NODE.width,
    height: Math.max(...cells.map(cell => cell.y + cell.height / 2)),
    cells,
    arcs,
  };
}

/** Turns round each call that leads back to where one is on the way from; who is called by nobody, or calls more than it is called, comes first. */
function withoutCircles(nodes: readonly string[], links: Graph["links"]): Arc[] {
  const outgoing = new Map(nodes.map(node => [node, [] as string[]]));
  const called = new Set<string>();
  const surplus = new Map<string, number>();
  for (const { from, to, calls } of links.toSorted((left, right) => right.calls - left.calls)) {
    outgoing.get(from)?.push(to);
    called.add(to);
    surplus.set(from, (surplus.get(from) ?? 0) + calls);
    surplus.set(to, (surplus.get(to) ?? 0) - calls);
  }
  const first = nodes.toSorted((left, right) => (surplus.get(right) ?? 0) - (surplus.get(left) ?? 0));
  const state = new Map<string, "open" | "done">();
  const turned = new Set<string>();
  const walk = (start: string) => {
    const way = [{ node: start, next: 0 }];
    state.set(start, "open");
    for (let here = way.at(-1); here !== undefined; here = way.at(-1)) {
      const to = outgoing.get(here.node)?.[here.next++];
      if (to === undefined) {
        state.set(here.node, "done");
        way.pop();
      } else if (state.get(to) === "open") turned.add(`${here.node}\n${to}`);
      else if (!state.has(to)) {
        state.set(to, "open");
        way.push({ node: to, next: 0 });
      }
    }
  };
  for (const node of [...nodes.filter(one => !called.has(one)), ...first]) if (!state.has(node)) walk(node);
  return links.map(({ from, to }): Arc => {
    const isBack = turned.has(`${from}\n${to}`);
    return { left: isBack ? to : from, right: isBack ? from : to, isBack, cells: [] };
  });
}

/** Each as far left as those that call it allow. */
function layersOf(nodes: readonly string[], arcs: readonly Arc[]): ReadonlyMap<string, number> {
  const layers = new Map(nodes.map(node => [node, 0]));
  const waits = new Map(nodes.map(node => [node, 0]));
  const after = new Map(nodes.map(node => [node, [] as string[]]));
  for (const { left, right } of arcs) {
    waits.set(right, (waits.get(right) ?? 0) + 1);
    after.get(left)?.push(right);
  }
  const ready = nodes.filter(node => waits.get(node) === 0);
  for (const node of ready) {
    for (const next of after.get(node) ?? []) {
      layers.set(next, Math.max(layers.get(next) ?? 0, (layers.get(node) ?? 0) + 1));
      const left = (waits.get(next) ?? 0) - 1;
      waits.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return layers;
}

function cellsOf(nodes: readonly string[], arcs: readonly Arc[], layers: ReadonlyMap<string, number>): Cell[] {
  const cell = (node: string | undefined, layer: number): Cell => ({
    node,
    layer,
    height: node === undefined ? LANE : NODE.height,
    before: [],
    after: [],
    order: 0,
    y: 0,
  });
  const own = new Map(nodes.map(node => [node, cell(node, layers.get(node) ?? 0)]));
  const cells = [...own.values()];
  for (const arc of arcs) {
    const [left, right] = [own.get(arc.left), own.get(arc.right)];
    if (left === undefined || right === undefined) continue;
    const way = [left];
    for (let layer = left.layer + 1; layer < right.layer; layer++) way.push(cell(undefined, layer));
    cells.push(...way.slice(1));
    way.push(right);
    for (const [at, here] of way.entries()) {
      const next = way[at + 1];
      if (next === undefined) continue;
      here.after.push(next);
      next.before.push(here);
    }
    arc.cells = way;
  }
  return cells;
}

/** Each as high as its neighbours are in the mean, from left to right and back; the order with the fewest crossings stays. */
function order(columns: readonly Cell[][]): void {
  const remembered = () => columns.map(column => [...column]);
  let best = remembered();
  let fewest = crossings(columns);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const isForth = sweep % 2 === 0;
    for (const column of isForth ? columns : columns.toReversed()) {
      const wish = new Map(column.map(cell => [cell, meanOrder(isForth ? cell.before : cell.after, cell.order)]));
      column.sort((left, right) => (wish.get(left) ?? 0) - (wish.get(right) ?? 0) || left.order - right.order);
      for (const [at, cell] of column.entries()) cell.order = at;
    }
    const now = crossings(columns);
    if (now < fewest) [best, fewest] = [remembered(), now];
  }
  for (const [at, column] of columns.entries()) {
    column.splice(0, column.length, ...(best[at] ?? []));
    for (const [place, cell] of column.entries()) cell.order = place;
  }
}

const meanOrder = (cells: readonly Cell[], own: number): number =>
  cells.length === 0 ? own : cells.reduce((sum, cell) => sum + cell.order, 0) / cells.length;

/** How often calls between neighbouring layers cross. */
function crossings(columns: readonly Cell[][]): number {
  let count = 0;
  for (const column of columns) {
    const ends = column.flatMap(cell => cell.after.map(next => next.order).sort((left, right) => left - right));
    // What was drawn from further up and ends further down is crossed: an inversion, counted by insertion.
    const sorted: number[] = [];
    for (const end of ends) {
      let at = sorted.length;
      while (at > 0 && (sorted[at - 1] ?? 0) > end) at--;
      count += sorted.length - at;
      sorted.splice(at, 0, end);
    }
  }
  return count;
}

function place(columns: readonly Cell[][]): void {
  for (const column of columns) {
    let y = 0;
    for (const cell of column) {
      cell.y = y + cell.height / 2;
      y += cell.height + GAP;
    }
    for (const cell of column) cell.y -= y / 2;
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForth = sweep % 2 === 1;
    for (const column of isForth ? columns : columns.toReversed()) {
      const wishes = column.map(cell => {
        const near = sweep < SWEEPS - 2 ? (isForth ? cell.before : cell.after) : [...cell.before, ...cell.after];
        return near.length === 0 ? cell.y : near.reduce((sum, one) => sum + one.y, 0) / near.length;
      });
      apart(column, wishes);
    }
  }
}

/** As near to what is wished as the heights allow, in the order: neighbours that would overlap move as one. */
function apart(column: readonly Cell[], wishes: readonly number[]): void {
  const offsets: number[] = [];
  let offset = 0;
  for (const [at, cell] of column.entries()) {
    const above = column[at - 1];
    if (above !== undefined) offset += (above.height + cell.height) / 2 + GAP;
    offsets.push(offset);
  }
  const blocks: { sum: number; count: number }[] = [];
  for (const [at, wish] of wishes.entries()) {
    let block = { sum: wish - (offsets[at] ?? 0), count: 1 };
    for (let above = blocks.at(-1); above !== undefined; above = blocks.at(-1)) {
      if (above.sum / above.count < block.sum / block.count) break;
      blocks.pop();
      block = { sum: block.sum + above.sum, count: block.count + above.count };
    }
    blocks.push(block);
  }
  let at = 0;
  for (const { sum, count } of blocks) {
    for (let one = 0; one < count; one++, at++) {
      const cell = column[at];
      if (cell !== undefined) cell.y = sum / count + (offsets[at] ?? 0);
    }
  }
}

/** All parts in rows below each other, small ones side by side. */
function together(parts: readonly Part[], loops: readonly string[]): MapLayout {
  const width = Math.max((COLUMNS - 1) * COLUMN + NODE.width, ...parts.map(part => part.width));
  const places = new Map<string, Point>();
  const routes: Route[] = [];
  let [x, y, rowHeight, widest] = [0, 0, 0, 0];
  for (const part of parts) {
    if (x > 0 && x + part.width > width) [x, y, rowHeight] = [0, y + rowHeight + APART, 0];
    for (const cell of part.cells) {
      if (cell.node === undefined) continue;
      places.set(cell.node, { x: x + cell.layer * COLUMN, y: y + cell.y - NODE.height / 2 });
    }
    routes.push(...routesOf(part, x, y));
    widest = Math.max(widest, x + part.width);
    rowHeight = Math.max(rowHeight, part.height);
    // The next one stands in a column, too.
    x += Math.ceil((part.width + APART) / COLUMN) * COLUMN;
  }
  for (const node of loops) {
    const corner = places.get(node);
    if (corner !== undefined) routes.push(loopOf(node, corner));
  }
  return { width: widest, height: y + rowHeight, places, routes };
}

function routesOf({ arcs, cells }: Part, x: number, y: number): Route[] {
  const ports = portsOf(cells, arcs);
  return arcs.map(arc => {
    const last = arc.cells.length - 1;
    const points = arc.cells.flatMap((cell, at): Point[] => {
      const left = x + cell.layer * COLUMN;
      const right = left + NODE.width;
      const middle = y + cell.y;
      if (at === 0) return [{ x: right, y: middle + (ports.get(arc)?.left ?? 0) }];
      if (at === last) return [{ x: left, y: middle + (ports.get(arc)?.right ?? 0) }];
      return [
        { x: left, y: middle },
        { x: right, y: middle },
      ];
    });
    const isBack = arc.isBack;
    return {
      from: isBack ? arc.right : arc.left,
      to: isBack ? arc.left : arc.right,
      points: isBack ? points.toReversed() : points,
      isBack,
    };
  });
}

interface Ports {
  left: number;
  right: number;
}

/** Where at a node each call begins or ends, from the middle: in the order of where they lead. */
function portsOf(cells: readonly Cell[], arcs: readonly Arc[]): ReadonlyMap<Arc, Ports> {
  const ports = new Map(arcs.map(arc => [arc, { left: 0, right: 0 }]));
  const spread = (of: readonly Arc[], side: keyof Ports, next: (arc: Arc) => number) => {
    const step = Math.min(PORT, PORTS / Math.max(1, of.length - 1));
    const sorted = of.toSorted((left, right) => next(left) - next(right));
    for (const [at, arc] of sorted.entries()) {
      const found = ports.get(arc);
      if (found !== undefined) found[side] = (at - (of.length - 1) / 2) * step;
    }
  };
  for (const { node } of cells) {
    if (node === undefined) continue;
    const leaving = arcs.filter(arc => arc.left === node);
    const arriving = arcs.filter(arc => arc.right === node);
    spread(leaving, "left", arc => arc.cells[1]?.y ?? 0);
    spread(arriving, "right", arc => arc.cells.at(-2)?.y ?? 0);
  }
  return ports;
}

/** Who calls itself: out at the right, over its own head, in at the left. */
function loopOf(node: string, { x, y }: Point): Route {
  const middle = y + NODE.height / 2;
  const points = [
    { x: x + NODE.width, y: middle },
    { x: x + NODE.width, y: y - GAP / 2 },
    { x, y: y - GAP / 2 },
    { x, y: middle },
  ];
  return { from: node, to: node, points, isBack: false };
}

const ROUND = 18;

/** As SVG draws it: it leaves and arrives level. */
export function pathOf({ from, to, points }: Route): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${text(first)}`;
  let before = first;
  for (const point of rest) {
    if (point.y === before.y) path += `L${text(point)}`;
    else {
      const reach = from === to ? ROUND : (point.x - before.x) / 2;
      const [out, into] = from === to ? [ends(before, first, reach), ends(point, first, reach)] : [reach, reach];
      path += `C${text({ x: before.x + out, y: before.y })} ${text({ x: point.x - (from === to ? -into : into), y: point.y })} ${text(point)}`;
    }
    before = point;
  }
  return path;
}

/** Of a loop: to the outside, on either side. */
const ends = (point: Point, first: Point, reach: number): number => (point.x >= first.x ? reach : -reach);

const text = ({ x, y }: Point): string => `${x.toFixed(1)},${y.toFixed(1)}`;

/** Where a route's text stands: in the middle of the stretch in its middle that is between two layers. */
export function middleOf({ points }: Route): Point {
  const at = Math.floor((points.length / 2 - 1) / 2) * 2;
  const [one, other] = [points[at], points[at + 1]];
  if (one === undefined || other === undefined) return { x: 0, y: 0 };
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

export type Direction = "left" | "right" | "up" | "down";

/** The next node in a direction: the nearest, where what lies aside counts as further away; null where there is none. */
export function nextTo({ places }: MapLayout, id: string, direction: Direction): string | null {
  const here = places.get(id);
  if (here === undefined) return null;
  let [best, least]: [string | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const [other, { x, y }] of places) {
    const [ahead, aside] = steps(x - here.x, y - here.y, direction);
    if (ahead <= 0) continue;
    const far = ahead + aside * 2;
    if (far < least) [best, least] = [other, far];
  }
  return best;
}

function steps(x: number, y: number, direction: Direction): [number, number] {
  switch (direction) {
    case "left":
      return [-x, Math.abs(y)];
    case "right":
      return [x, Math.abs(y)];
    case "up":
      return [-y, Math.abs(x)];
    case "down":
      return [y, Math.abs(x)];
  }
}
