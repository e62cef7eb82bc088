/** How the service is set up: what the settings' page loads and changes. */

import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import type { Nanos } from "../base/time.ts";
import type { KeyScope, Limits } from "../model/settings.ts";
import { get, send } from "./request.ts";
import { createdKey, key, keyList, limits, limitsBody, serviceSettings } from "./settings-schemas.ts";

/** Hardly anything of it changes while somebody looks. */
const FRESH_MS = 60_000;

export function serviceSettingsQuery() {
  return queryOptions({
    queryKey: ["service settings"],
    queryFn: ({ signal }) => get("settings", {}, serviceSettings, signal),
    staleTime: FRESH_MS,
  });
}

/** Whether anything was received is asked again so often, in milliseconds. */
export const watchedSettingsQuery = (every: number) => ({
  ...serviceSettingsQuery(),
  staleTime: 0,
  refetchInterval: every,
});

export const useSettings = () => useQuery(serviceSettingsQuery());

export function keysQuery() {
  return queryOptions({
    queryKey: ["keys"],
    queryFn: async ({ signal }) => (await get("keys", {}, keyList, signal)).keys,
  });
}

export interface NewKey {
  readonly name: string;
  readonly scope: KeyScope;
  /** From now; null for never. */
  readonly expiresIn: Nanos | null;
}

/** Not read again by itself: who makes the first key can read nothing any more before they have signed in with it. */
export function useCreateKey() {
  return useMutation({
    mutationFn: ({ name, scope, expiresIn }: NewKey) =>
      send("POST", "keys", { name, scope, expires_in: expiresIn === null ? null : String(expiresIn) }, createdKey),
  });
}

export function useRotateKey() {
  const readAgain = useKeysReadAgain();
  return useMutation({
    mutationFn: (id: string) => send("POST", `keys/${encodeURIComponent(id)}/rotate`, null, createdKey),
    onSuccess: readAgain,
  });
}

export function useRevokeKey() {
  const readAgain = useKeysReadAgain();
  return useMutation({
    mutationFn: (id: string) => send("DELETE", `keys/${encodeURIComponent(id)}`, null, key),
    onSuccess: readAgain,
  });
}

export function useKeysReadAgain(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ["keys"] });
}

export function useSetLimits() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (changed: Limits) => send("PUT", "limits", limitsBody(changed), limits),
    onSuccess: () => void queries.invalidateQueries({ queryKey: serviceSettingsQuery().queryKey }),
  });
}
