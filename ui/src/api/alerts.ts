/** What is asked of alerts and changed in them; each change has what it changes read again. */

import {
  hashKey,
  keepPreviousData,
  type QueryKey,
  queryOptions,
  skipToken,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";

import { after, now } from "../base/time.ts";
import type { Transition } from "../model/alert.ts";
import { TEST_LENGTHS, type TestLength } from "../model/backtest.ts";
import type { Delivery, DeliveryState } from "../model/channel.ts";
import type { ChannelDefinition } from "../model/channel-draft.ts";
import type { RuleDefinition } from "../model/rule.ts";
import type { NewSilence } from "../model/silence.ts";
import {
  alertDetail,
  backtest,
  channel,
  channelList,
  createdChannel,
  deliveryDetail,
  deliveryList,
  rule,
  ruleList,
  silence,
  silenceList,
  transitionList,
} from "./alert-schemas.ts";
import type { WholeQuery } from "./listing.ts";
import { get, send } from "./request.ts";

const PAGE = 100;
/** Evaluated once a minute. */
const REFRESH_MS = 15_000;
/** What waits to be delivered may be any moment. */
const DELIVERY_MS = 5_000;

// === Alerts ===

export function alertQuery(id: string) {
  return queryOptions({
    queryKey: ["alerts", "alert", id],
    queryFn: ({ signal }) => get(`alerts/${encodeURIComponent(id)}`, {}, alertDetail, signal),
    refetchInterval: REFRESH_MS,
  });
}

interface OfHistory {
  readonly alert: string | null;
  readonly rule: string | null;
}

export function historyQuery(of: OfHistory): WholeQuery<Transition> {
  return {
    key: ["alerts", "history", of],
    read: async (cursor, signal) => {
      const answer = await get("alerts/history", { ...of, cursor, limit: PAGE }, transitionList, signal);
      return { items: answer.transitions, total: answer.total, next: answer.next_cursor };
    },
    every: REFRESH_MS,
  };
}

// === Rules ===

export function rulesQuery() {
  return queryOptions({
    queryKey: ["alerts", "rules"],
    queryFn: ({ signal }) => get("alerts/rules", {}, ruleList, signal),
    refetchInterval: REFRESH_MS,
  });
}

export function ruleQuery(id: string) {
  return queryOptions({
    queryKey: ["alerts", "rule", id],
    queryFn: ({ signal }) => get(`alerts/rules/${encodeURIComponent(id)}`, {}, rule, signal),
  });
}

/** @param id null for a new one. */
export function useSaveRule(id: string | null) {
  return useChange((definition: RuleDefinition) =>
    id === null
      ? send("POST", "alerts/rules", definition, rule)
      : send("PUT", `alerts/rules/${encodeURIComponent(id)}`, definition, rule),
  );
}

export function useDeleteRule() {
  return useChange(
    (id: string) => send("DELETE", `alerts/rules/${encodeURIComponent(id)}`, null, rule),
    id => ruleQuery(id).queryKey,
  );
}

export interface Tried {
  readonly rule: RuleDefinition;
  readonly length: TestLength;
}

/** @param tried null where nobody asked. It changes nothing, and what is changed does not have it asked again. */
export function backtestQuery(tried: Tried | null) {
  const ask = ({ rule, length }: Tried) => {
    const to = now();
    const from = after(to, -TEST_LENGTHS[length].length);
    return send("POST", "alerts/backtest", { rule, from: String(from), to: String(to) }, backtest);
  };
  return queryOptions({
    queryKey: ["backtest", tried],
    queryFn: tried === null ? skipToken : () => ask(tried),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
}

// === Silences ===

export function silencesQuery() {
  return queryOptions({
    queryKey: ["alerts", "silences"],
    queryFn: async ({ signal }) => (await get("alerts/silences", {}, silenceList, signal)).silences,
    refetchInterval: REFRESH_MS,
  });
}

export function useSilence() {
  return useChange(({ createdBy, ends, ...rest }: NewSilence) =>
    send("POST", "alerts/silences", { ...rest, ends: String(ends), created_by: createdBy }, silence),
  );
}

export function useEndSilence() {
  return useChange((id: string) => send("DELETE", `alerts/silences/${encodeURIComponent(id)}`, null, silence));
}

// === Channels ===

export function channelsQuery() {
  return queryOptions({
    queryKey: ["alerts", "channels"],
    queryFn: async ({ signal }) => (await get("alerts/channels", {}, channelList, signal)).channels,
    refetchInterval: REFRESH_MS,
  });
}

export function channelQuery(id: string) {
  return queryOptions({
    queryKey: ["alerts", "channel", id],
    queryFn: ({ signal }) => get(`alerts/channels/${encodeURIComponent(id)}`, {}, channel, signal),
  });
}

export function useCreateChannel() {
  return useChange((made: ChannelDefinition) => send("POST", "alerts/channels", channelBody(made), createdChannel));
}

export function useReplaceChannel(id: string) {
  return useChange((changed: ChannelDefinition) =>
    send("PUT", `alerts/channels/${encodeURIComponent(id)}`, channelBody(changed), channel),
  );
}

export function useDeleteChannel() {
  return useChange(
    (id: string) => send("DELETE", `alerts/channels/${encodeURIComponent(id)}`, null, channel),
    id => channelQuery(id).queryKey,
  );
}

export function useRotateChannel(id: string) {
  return useChange((_: undefined) =>
    send("POST", `alerts/channels/${encodeURIComponent(id)}/rotate`, null, createdChannel),
  );
}

export function useTestChannel(id: string) {
  return useChange((_: undefined) =>
    send("POST", `alerts/channels/${encodeURIComponent(id)}/test`, null, deliveryDetail),
  );
}

function channelBody({ isDefault, routingKey, ...rest }: ChannelDefinition): unknown {
  return { ...rest, is_default: isDefault, routing_key: routingKey };
}

// === Deliveries ===

interface OfDeliveries {
  readonly channel: string | null;
  readonly state: DeliveryState | null;
}

export function deliveriesQuery(of: OfDeliveries): WholeQuery<Delivery> {
  return {
    key: ["alerts", "deliveries", of],
    read: async (cursor, signal) => {
      const answer = await get("alerts/deliveries", { ...of, cursor, limit: PAGE }, deliveryList, signal);
      return { items: answer.deliveries, total: answer.total, next: answer.next_cursor };
    },
    every: DELIVERY_MS,
  };
}

export function deliveryQuery(id: string) {
  return queryOptions({
    queryKey: ["alerts", "delivery", id],
    queryFn: ({ signal }) => get(`alerts/deliveries/${encodeURIComponent(id)}`, {}, deliveryDetail, signal),
    refetchInterval: ({ state }) => (state.data?.delivery.state === "waiting" ? DELIVERY_MS : false),
  });
}

export function useReplay(id: string) {
  return useChange((_: undefined) =>
    send("POST", `alerts/deliveries/${encodeURIComponent(id)}/replay`, null, deliveryDetail),
  );
}

/**
 * Whatever is changed, all that is shown of alerts may be otherwise then.
 *
 * @param gone what is not there any more, and is not asked for again.
 */
function useChange<Sent, Answer>(change: (sent: Sent) => Promise<Answer>, gone?: (sent: Sent) => QueryKey) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (_, sent) => {
      const ended = gone === undefined ? null : hashKey(gone(sent));
      // Not waited for: what was done is told at once.
      void queries.invalidateQueries({ queryKey: ["alerts"], predicate: ({ queryHash }) => queryHash !== ended });
    },
  });
}
