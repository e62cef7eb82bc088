/** Moments and lengths, in nanoseconds as the API has them: bigints, branded so that neither is taken for the other. */

declare const unit: unique symbol;

/** A moment: nanoseconds since the Unix epoch. */
export type Time = bigint & { readonly [unit]: "time" };
/** A length in nanoseconds. */
export type Nanos = bigint & { readonly [unit]: "nanos" };

export const time = (value: bigint): Time => value as Time;
export const nanos = (value: bigint): Nanos => value as Nanos;

export const MICROSECOND = 1_000n;
export const MILLISECOND = 1_000_000n;
export const SECOND = 1_000_000_000n;
export const MINUTE = 60n * SECOND;
export const HOUR = 60n * MINUTE;
export const DAY = 24n * HOUR;

export const now = (): Time => fromMillis(Date.now());
export const fromMillis = (millis: number): Time => time(BigInt(Math.round(millis)) * MILLISECOND);
export const toMillis = (moment: Time): number => Number(moment / MICROSECOND) / 1000;
/** From `start` to `end`; negative where `end` is earlier. */
export const between = (start: Time, end: Time): Nanos => nanos(end - start);
/** The longest of some lengths; zero of none. */
export function longest(lengths: Iterable<bigint>): Nanos {
  let most = 0n;
  for (const length of lengths) {
    if (length > most) most = length;
  }
  return nanos(most);
}

export const after = (start: Time, length: bigint): Time => time(start + length);

export function latest(one: Time, other: Time): Time {
  return after(one, longest([other - one]));
}

export function earliest(one: Time, other: Time): Time {
  return after(one, -longest([one - other]));
}
