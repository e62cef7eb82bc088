import { useEffect } from "react";

import { useTimes } from "./times.ts";

/** The browser tab's name; and what every page does: it is drawn again where times are to be written otherwise. */
export function useTitle(title: string): void {
  useTimes();
  useEffect(() => {
    document.title = `${title} · Coldtrace`;
  }, [title]);
}
