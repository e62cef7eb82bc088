import { COLOURS } from "../../model/colours.ts";
import { tokenColours } from "../../widgets/Canvas.tsx";

/** The colours of what is drawn, as they are now. */
export interface Palette {
  readonly services: readonly string[];
  readonly critical: string;
  readonly bad: string;
  readonly cold: string;
  readonly line: string;
  readonly shade: string;
  readonly usual: string;
  readonly slow: string;
}

export function palette(): Palette {
  const services: Record<string, string> = {};
  for (let colour = 0; colour < COLOURS; colour++) services[colour] = `--service-${colour}`;
  const found = tokenColours({
    ...services,
    critical: "--critical",
    bad: "--bad",
    cold: "--cold",
    line: "--line",
    shade: "--before",
    usual: "--faint",
    slow: "--warn",
  });
  return {
    services: Object.keys(services).map(colour => found[colour as keyof typeof found] ?? ""),
    critical: found.critical,
    bad: found.bad,
    cold: found.cold,
    line: found.line,
    shade: found.shade,
    usual: found.usual,
    slow: found.slow,
  };
}
