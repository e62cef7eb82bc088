/** A question to the API as a command for a terminal. */

/** @param isKeyed whether the API asks for a key: it is taken from where the shell has it, and not written down. */
export function curlOf(
  origin: string,
  path: string,
  parameters: readonly (readonly [string, string])[],
  isKeyed = false,
): string {
  const key = isKeyed ? ['  -H "x-api-key: $COLDTRACE_API_KEY"'] : [];
  const lines = parameters.map(([name, value]) => `  --data-urlencode ${inShell(`${name}=${value}`)}`);
  return [`curl --get ${inShell(`${origin}${path}`)}`, ...key, ...lines].join(" \\\n");
}

/** One word for a shell, whatever it has. */
const inShell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
