/** What fires now: all that the shell needs to know of alerts, apart from what their own pages load. */

import { queryOptions } from "@tanstack/react-query";
import * as z from "zod/mini";

import { type ActiveAlerts, type Alert, type Labels, SEVERITIES } from "../model/alert.ts";
import { type Reading, UNITS } from "../model/reading.ts";
import { get } from "./request.ts";
import { timeText, type Wire } from "./schemas.ts";

/** Evaluated once a minute, so that this is soon enough. */
const REFRESH_MS = 15_000;

const text = z.string();
export const severity = z.enum(SEVERITIES);
export const labels = z.record(text, text) satisfies Wire<"Labels", Labels>;

export const reading = z.object({
  name: text,
  unit: z.enum(UNITS),
  value: z.nullable(z.number()),
  bad: z.enum(["above", "below"]),
  threshold: z.number(),
}) satisfies Wire<"AlertReading", Reading>;

export const alert = z.pipe(
  z.object({
    alert: text,
    rule: text,
    rule_name: text,
    phase: z.enum(["pending", "firing", "resolved"]),
    severity,
    labels,
    since: timeText,
    fired: z.nullable(timeText),
    summary: text,
    reading: z.nullable(reading),
    silenced_by: z.array(text),
    is_inhibited: z.boolean(),
  }),
  z.transform(
    ({ alert, rule_name, silenced_by, is_inhibited, ...wire }): Alert => ({
      ...wire,
      id: alert,
      ruleName: rule_name,
      silencedBy: silenced_by,
      isInhibited: is_inhibited,
    }),
  ),
) satisfies Wire<"Alert", Alert>;

export const alertList = z.object({
  alerts: z.array(alert),
  evaluated: z.nullable(timeText),
}) satisfies Wire<"AlertList", ActiveAlerts>;

export function activeAlertsQuery() {
  return queryOptions({
    queryKey: ["alerts", "active"],
    queryFn: ({ signal }) => get("alerts", {}, alertList, signal),
    refetchInterval: REFRESH_MS,
  });
}
