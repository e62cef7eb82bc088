/**
 * Keys of the whole page. A component says which keys it answers; what was mounted last is asked first.
 *
 * Two keys in a row are written `g f`, one with control or command `Mod+k`. Keys are left alone where somebody types, but for
 * those with `Mod`, and while a dialog is open.
 */

import { useEffect, useRef } from "react";

export interface Binding {
  /** As `KeyboardEvent.key` has them; each of them does it. */
  readonly keys: readonly string[];
  readonly does: string;
  readonly run: () => void;
}

interface Group {
  readonly title: string;
  bindings: readonly Binding[];
}

/** How long the first of two keys is remembered. */
const PAUSE_MS = 1_000;

const groups: Group[] = [];
let pending = "";
let pendingSince = 0;

/** What can be pressed now, for the help. */
export function currentKeys(): readonly { readonly title: string; readonly bindings: readonly Binding[] }[] {
  return groups.filter(group => group.bindings.length > 0);
}

export function useKeys(title: string, bindings: readonly Binding[]): void {
  const group = useRef<Group>({ title, bindings });
  useEffect(() => {
    group.current.bindings = bindings;
  });
  useEffect(() => {
    const own = group.current;
    groups.push(own);
    return () => {
      groups.splice(groups.indexOf(own), 1);
    };
  }, []);
}

/** Called once, where the page starts. */
export function listenToKeys(): void {
  window.addEventListener("keydown", handle);
}

function handle(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    handleModified(event);
    return;
  }
  if (isElsewhere(event)) return;
  const first = event.timeStamp - pendingSince < PAUSE_MS ? pending : "";
  pending = "";
  const binding = (first !== "" && find(`${first} ${event.key}`)) || find(event.key);
  if (binding) {
    event.preventDefault();
    binding.run();
  } else if (startsPair(event.key)) {
    pending = event.key;
    pendingSince = event.timeStamp;
  }
}

function handleModified(event: KeyboardEvent): void {
  const binding = isDialogOpen() ? undefined : find(`Mod+${event.key.toLowerCase()}`);
  if (binding === undefined) return;
  event.preventDefault();
  binding.run();
}

const isDialogOpen = (): boolean => document.querySelector("dialog[open]") !== null;

function find(keys: string): Binding | undefined {
  return groups
    .toReversed()
    .flatMap(group => group.bindings)
    .find(binding => binding.keys.includes(keys));
}

function startsPair(key: string): boolean {
  return groups.some(group => group.bindings.some(one => one.keys.some(keys => keys.startsWith(`${key} `))));
}

/** Whether the key belongs to what has the focus. */
function isElsewhere(event: KeyboardEvent): boolean {
  if (isDialogOpen()) return true;
  const target = event.target;
  if (!(target instanceof Element)) return false;
  if (target.closest("input, textarea, select") !== null) return event.key !== "Escape";
  // What scrolls by itself keeps the arrows.
  if (event.key.startsWith("Arrow") && target.closest("[data-own-arrows]") !== null) return true;
  const pressed = event.key === "Enter" || event.key === " ";
  return pressed && target.closest("a, button, summary") !== null;
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "esc",
  Enter: "enter",
  Home: "home",
  End: "end",
  PageDown: "page ↓",
  PageUp: "page ↑",
  " ": "space",
};

/** As the keys are named on the reader's own keyboard; two in a row stand side by side. */
export function spoken(keys: string): string {
  if (keys.startsWith("Mod+")) return `${/Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "ctrl"} ${keys.slice(4)}`;
  return NAMES[keys] ?? keys.split(" ").map(shown).join(" ");
}

const shown = (key: string): string => NAMES[key] ?? key;
