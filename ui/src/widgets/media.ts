import { useSyncExternalStore } from "react";

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    listener => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

/** Phones: one column, rows of two lines. The same width stands in the style sheets. */
export const useNarrow = (): boolean => useMedia("(max-width: 760px)");

/** Screens: the bar of pages has room for its name. The same width stands in the style sheets. */
export const useWide = (): boolean => useMedia("(min-width: 1001px)");
