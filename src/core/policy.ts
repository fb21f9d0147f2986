/** Declared tolerances of the comparison, as data. What they mean is written in docs/canonical-values.md; diff/ applies them. */

export type Policy =
  /** Floats at most n representable values apart. */
  | { readonly ulp: number }
  /** Numbers at most this far apart. */
  | { readonly absolute: number }
  /** Numbers apart by at most this part of the larger one. */
  | { readonly relative: number }
  /** Times and numbers to n digits after the point. */
  | { readonly precision: { readonly digits: number; readonly how: 'truncate' | 'round' } }
  | { readonly ignoreCase: true }
  | { readonly trimEnd: true }
  | { readonly emptyIsNull: true }
  | { readonly zeroDateIsNull: true }
  | { readonly jsonNullIsNull: true }
  /** The engine's type table loses here by design: any difference in this column is allowed. */
  | { readonly lossy: true }
  /** The column is not compared. */
  | { readonly ignore: true };

export interface Tolerance {
  readonly column: string;
  readonly policy: Policy;
  readonly because: string;
}

/** `relative 1e-12`, for reports. */
export function printPolicy(policy: Policy): string {
  const entries: [string, unknown][] = Object.entries(policy);
  const [name, value] = entries[0] ?? ['none', true];
  return value === true ? name : `${name} ${JSON.stringify(value)}`;
}
