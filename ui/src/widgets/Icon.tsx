/** Small drawings on a grid of 16, in the colour of the text around them. Never alone: a text says the same. */

import type { JSX } from "react";

const PATHS = {
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  check: "M3 8.5l3.5 3.5L13 4.5",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5l3 3",
  refresh: "M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3",
  right: "M6 3.5L10.5 8 6 12.5",
  down: "M3.5 6L8 10.5 12.5 6",
  close: "M4 4l8 8M12 4l-8 8",
  snow: "M8 1.5v13M2.4 4.75l11.2 6.5M13.6 4.75L2.4 11.25M6 2.5l2 2 2-2M6 13.5l2-2 2 2",
  clock: "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8 4.5V8l2.5 1.5",
  link: "M6.5 9.5l3-3M7 5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 9M5 7L3.5 8.5a2.8 2.8 0 0 0 4 4L9 11",
  theme: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  help: "M5.8 6.2a2.2 2.2 0 1 1 3.1 2c-.6.3-.9.7-.9 1.3v.3M8 12.3v.2",
  query: "M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5",
  download: "M8 2.5v7.5M5 7.5l3 3 3-3M3 13.5h10",
  ghost: "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM5 8h6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
