/** Fails when what the code relies on does not hold; `why` says what that is. */
export function assert(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Error(`assumed that ${why}`);
}

/** The value, where the code knows that there is one; `why` says how. */
export function must<T>(value: T | undefined | null, why: string): T {
  assert(value !== undefined && value !== null, why);
  return value;
}
