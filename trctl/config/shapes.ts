/** zod shapes that the params of several providers share. Numbers may be written as strings, as expansion of ${VAR} makes them. */
import { z } from 'zod';
import { Secret } from '../log.ts';

const fromText = (value: unknown): unknown =>
  typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;

export const port = z.preprocess(fromText, z.number().int().min(1).max(65535));
export const count = z.preprocess(fromText, z.number().int().min(1));
export const flag = z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean());
export const secret = z.string().transform((value) => new Secret(value));
export const hosts = z
  .union([
    z
      .string()
      .min(1)
      .transform((host) => [host]),
    z.array(z.string().min(1)).min(1),
  ])
  .pipe(z.array(z.string()).min(1));
export const cleanup = z.enum(['Drop', 'Truncate', 'Disabled']);
