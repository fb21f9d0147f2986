/** Time zones that catch what UTC hides, one for each server and engine of a run, by the run's seed. */
import { createHash } from 'node:crypto';

/** Half and quarter hours, DST on both hemispheres, a date line, a zone that changed its mind about DST. */
export const TIME_ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata', // +05:30
  'Asia/Kathmandu', // +05:45
  'Australia/Lord_Howe', // +10:30, DST by half an hour
  'America/St_Johns', // -03:30 with DST
  'Pacific/Apia', // +13:00, skipped a day in 2011
  'America/Sao_Paulo', // DST until 2019
] as const;

/** @param what whose zone: `postgres server`. Two of one run mostly differ; the same seed gives the same. */
export function timeZoneFor(what: string, seed: string): string {
  const pick = createHash('sha256').update(`${what} zone ${seed}`).digest().readUInt32BE(0);
  return TIME_ZONES[pick % TIME_ZONES.length] ?? 'UTC';
}
