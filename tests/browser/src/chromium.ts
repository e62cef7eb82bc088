import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** Pages are written with the system's fonts, as smooth as they are there. They are compared with no picture then. */
export const hasSystemFonts = process.env.COLDTRACE_SYSTEM_FONTS === "1";

/** The system's browser: none is downloaded. */
export function chromium(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = NAMES.flatMap(name => folders.map(folder => join(folder, name))).find(isExecutable);
  if (found === undefined)
    throw new Error(`none of ${NAMES.join(", ")} is in PATH; install one (Debian: apt-get install chromium)`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
