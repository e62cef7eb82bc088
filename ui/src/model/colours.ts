/** Colours of services: the same for everyone who looks, and different inside one trace as long as there are enough. */

export const COLOURS = 10;

/** A colour's number per service, by a hash of its name; where two meet, the later one by name takes the next free. */
export function coloursOf(services: Iterable<string>): Map<string, number> {
  const taken = new Set<number>();
  const colours = new Map<string, number>();
  for (const service of [...new Set(services)].sort()) {
    let colour = hash(service) % COLOURS;
    while (taken.has(colour) && taken.size < COLOURS) colour = (colour + 1) % COLOURS;
    taken.add(colour);
    colours.set(service, colour);
  }
  return colours;
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  }
  return state >>> 0;
}
