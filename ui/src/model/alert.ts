/** Alerts: what fires, what began and ended, and why. */

import { formatDuration, plural } from "../base/format.ts";
import { between, type Nanos, type Time } from "../base/time.ts";
import type { Reading } from "./reading.ts";

/** The worst first. */
export const SEVERITIES = ["critical", "error", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Names and values that tell an alert from others. */
export type Labels = Readonly<Record<string, string>>;

export interface Alert {
  /** The same whenever it fires. */
  readonly id: string;
  readonly rule: string;
  readonly ruleName: string;
  readonly phase: "pending" | "firing" | "resolved";
  readonly severity: Severity;
  readonly labels: Labels;
  /** Since when it is in this phase. */
  readonly since: Time;
  /** When it began to fire, the last time; null if it never did. */
  readonly fired: Time | null;
  readonly summary: string;
  /** The latest. */
  readonly reading: Reading | null;
  /** Silences that are in force and match, by id. */
  readonly silencedBy: readonly string[];
  /** Whether nobody is told because a worse alert says it. */
  readonly isInhibited: boolean;
}

/** What fires and is pending, the worst first. */
export interface ActiveAlerts {
  readonly alerts: readonly Alert[];
  /** The end of the latest minute that was evaluated; null if none was. */
  readonly evaluated: Time | null;
}

export interface AlertDetail {
  readonly alert: Alert;
  /** The latest; null while it is pending for the first time. */
  readonly transition: Transition | null;
}

/** An alert that began to fire, or ended. */
export interface Transition {
  readonly id: string;
  readonly alert: string;
  readonly rule: string;
  readonly ruleName: string;
  readonly change: "firing" | "resolved";
  readonly severity: Severity;
  /** The end of the window that decided it. */
  readonly at: Time;
  /** When it began to fire. */
  readonly since: Time;
  readonly labels: Labels;
  readonly summary: string;
  readonly runbook: string | null;
  readonly reading: Reading;
  readonly why: Why;
}

/** Why an alert fires; empty of an end, and where reasons could not be found in time. */
export interface Why {
  /** The earliest first. */
  readonly history: readonly AlertPoint[];
  /** The most telling first. */
  readonly causes: readonly Cause[];
  readonly path: readonly PathShift[];
  readonly examples: readonly Example[];
  readonly links: readonly PageLink[];
}

export interface AlertPoint {
  readonly at: Time;
  readonly value: number | null;
}

/** What bad invocations have more often than the rest. */
export interface Cause {
  readonly key: string;
  /** Null if it is that they lack it. */
  readonly value: string | null;
  /** From 0 to 1. */
  readonly ofBad: number;
  readonly ofRest: number;
}

/** Time that is spent otherwise than before, in the mean of an invocation. */
export interface PathShift {
  readonly what: string;
  readonly before: Nanos;
  readonly now: Nanos;
}

export interface Example {
  readonly requestId: string;
  readonly duration: Nanos | null;
  readonly outcome: string;
  readonly href: string;
}

export interface PageLink {
  readonly title: string;
  readonly href: string;
}

/** Labels that every alert has, or that a page shows elsewhere. */
const USUAL = new Set(["alertname", "severity", "function"]);

/** Whom it is about: its function and version; null where it is about all. */
export function subject({ function: name, version }: Labels): string | null {
  if (name === undefined) return null;
  return version === undefined ? name : `${name} version ${version}`;
}

/** What a rule adds to its alerts. */
export function ownLabels(labels: Labels): [string, string][] {
  return Object.entries(labels).filter(([name]) => !USUAL.has(name));
}

export const isWhyKnown = ({ history, causes, path, examples }: Why): boolean =>
  history.length + causes.length + path.length + examples.length > 0;

/** What is active and whose labels, rule or sentence have some text. */
export function alertsNamed(alerts: readonly Alert[], text: string): readonly Alert[] {
  const wanted = text.trim().toLowerCase();
  const has = (one: Alert) => [one.ruleName, one.summary, ...Object.values(one.labels)].join("\n").toLowerCase();
  return wanted === "" ? alerts : alerts.filter(one => has(one).includes(wanted));
}

export const firing = (alerts: readonly Alert[]): readonly Alert[] => alerts.filter(one => one.phase === "firing");

/** Whether somebody is told of it. */
export const isHeard = ({ silencedBy, isInhibited }: Alert): boolean => silencedBy.length === 0 && !isInhibited;

/** `2 alerts fire, 1 is pending`. */
export function activeText(alerts: readonly Alert[]): string {
  const fire = firing(alerts).length;
  const pending = alerts.length - fire;
  const parts = [
    ...(fire > 0 ? [`${plural(fire, "alert")} ${fire === 1 ? "fires" : "fire"}`] : []),
    ...(pending > 0
      ? [fire > 0 ? `${pending} ${are(pending)} pending` : `${plural(pending, "alert")} ${are(pending)} pending`]
      : []),
  ];
  return parts.join(", ");
}

const are = (count: number): string => (count === 1 ? "is" : "are");

/** How long an alert fired that ended. */
export const firedFor = ({ since, at }: Transition): string => formatDuration(between(since, at));

/** Where a link of an alert leads: a path of this ui, or a page of the web; null where it is neither. */
export function hrefOf(text: string): string | null {
  if (/^\/(?!\/)/.test(text)) return text;
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : null;
}
