/** Light, dark, or as the system says. Kept in the browser; the colours themselves are in the tokens. */

import { useSyncExternalStore } from "react";

export const THEMES = ["system", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "coldtrace.theme";
const listeners = new Set<() => void>();

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find(one => one === kept) ?? "system";
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
}

export function nextTheme(): void {
  chooseTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length] ?? "system");
}

export function chooseTheme(next: Theme): void {
  localStorage.setItem(KEY, next);
  applyTheme();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  listeners.add(listener);
  system.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener("change", listener);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, theme);
}

/** Which colours are shown. */
export function colourScheme(): "dark" | "light" {
  const chosen = theme();
  if (chosen !== "system") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** The same for what is drawn by hand and has to be drawn again. */
export function useColourScheme(): "dark" | "light" {
  return useSyncExternalStore(subscribe, colourScheme);
}
