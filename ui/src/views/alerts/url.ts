import { isTestLength, type TestLength } from "../../model/backtest.ts";
import { type ChannelKind, DELIVERY_STATES, type DeliveryState, isChannelKind } from "../../model/channel.ts";

export interface FindSearch {
  /** Part of a name. */
  readonly find?: string;
}

export interface HistorySearch {
  /** Of one alert, or of one rule. */
  readonly alert?: string;
  readonly rule?: string;
}

export interface RuleSearch {
  /** How far back the rule is tried; absent where it is not. */
  readonly test?: TestLength;
}

export interface NewRuleSearch extends RuleSearch {
  /** The rule that it begins as a copy of. */
  readonly from?: string;
  /** The function that it begins with. */
  readonly function?: string;
}

export interface NewSilenceSearch {
  /** Labels of what is to be silenced: names and values. */
  readonly match?: string;
}

export interface NewChannelSearch {
  readonly kind?: Exclude<ChannelKind, "webhook">;
}

export interface DeliveriesSearch {
  readonly state?: DeliveryState;
  /** Of one channel, by id. */
  readonly channel?: string;
}

type Raw = Record<string, unknown>;

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

export function parseFindSearch({ find }: Raw): FindSearch {
  return isText(find) ? { find } : {};
}

export function parseHistorySearch({ alert, rule }: Raw): HistorySearch {
  return { ...(isText(alert) && { alert }), ...(isText(rule) && { rule }) };
}

export function parseRuleSearch({ test }: Raw): RuleSearch {
  return isTestLength(test) ? { test } : {};
}

export function parseNewRuleSearch(raw: Raw): NewRuleSearch {
  return {
    ...parseRuleSearch(raw),
    ...(isText(raw.from) && { from: raw.from }),
    ...(isText(raw.function) && { function: raw.function }),
  };
}

export function parseNewSilenceSearch({ match }: Raw): NewSilenceSearch {
  return isText(match) ? { match } : {};
}

export function parseNewChannelSearch({ kind }: Raw): NewChannelSearch {
  return isChannelKind(kind) && kind !== "webhook" ? { kind } : {};
}

export function parseDeliveriesSearch({ state, channel }: Raw): DeliveriesSearch {
  const known = DELIVERY_STATES.find(one => one === state);
  return { ...(known !== undefined && { state: known }), ...(isText(channel) && { channel }) };
}
