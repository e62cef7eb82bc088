/** A question to the API as a command for a terminal. */

export function curlOf(origin: string, path: string, parameters: readonly (readonly [string, string])[]): string {
  const lines = parameters.map(([name, value]) => `  --data-urlencode ${inShell(`${name}=${value}`)}`);
  return [`curl --get ${inShell(`${origin}${path}`)}`, ...lines].join(" \\\n");
}

/** One word for a shell, whatever it has. */
const inShell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
