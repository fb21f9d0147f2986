/** The time zone of the servers that we start, by the run's seed: what UTC hides must show. */
import { createHash } from 'node:crypto';

export const TIME_ZONES: readonly string[] = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata', // +05:30
  'Asia/Kathmandu', // +05:45
  'Australia/Lord_Howe', // +10:30, DST by half an hour
  'America/St_Johns', // -03:30 with DST
  'Pacific/Apia', // +13:00, skipped a day in 2011
  'America/Sao_Paulo', // DST until 2019
];

export function timeZoneOf(seed: string): string {
  const pick = createHash('sha256').update(`clickhouse server zone ${seed}`).digest().readUInt32BE(0);
  return TIME_ZONES[pick % TIME_ZONES.length] ?? 'UTC';
}
