/** Round places on a time axis. */

const STEPS = [1, 2, 5];

/** Multiples of a round step between `from` and `to`, as few as fit with `count` steps or less. */
export function ticks(from: number, to: number, count: number): number[] {
  const least = (to - from) / Math.max(1, count);
  if (!(least > 0)) return [];
  const step = roundUp(least);
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}

/** The next round length of time: 1, 2, 5 times a power of ten; above a minute parts of the hour and the day. */
function roundUp(length: number): number {
  const second = 1e9;
  const clock = [60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400].map(seconds => seconds * second);
  if (length > 30 * second)
    return clock.find(step => step >= length) ?? Math.ceil(length / (86_400 * second)) * 86_400 * second;
  if (length > 20 * second) return 30 * second;
  if (length > 10 * second) return 20 * second;
  const power = 10 ** Math.floor(Math.log10(length));
  const factor = STEPS.find(step => step * power >= length * 0.999_999) ?? 10;
  return factor * power;
}
