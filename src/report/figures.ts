/** Numbers as people read them in every report: `5,000 rows`, `1.9 s`. Knows no result and no format. */

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `5,000`. */
export function grouped(value: number): string {
  return GROUPED.format(value);
}

/** `1 row`, `5,000 rows`. @param noun singular; its plural takes an s. */
export function counted(value: number, noun: string): string {
  return `${grouped(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Milliseconds as `40 ms`, `1.9 s`, `3 min 20 s`. */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
