/** Which image a server comes from: docker/images.json pins one by digest for each name, the environment may say another. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { PROJECT_ROOT } from '../core/root.ts';

const FILE = join(PROJECT_ROOT, 'docker', 'images.json');

/** @returns all pinned images by name; the first name of a kind is the kind's own. */
export function pinnedImages(): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string>;
}

export interface ChosenImage {
  readonly reference: string;
  /** True for what docker/images.json pins, false for what the environment names. */
  readonly pinned: boolean;
}

/**
 * The image of a server: `E2E_IMAGE_<NAME>`, which is either a name in docker/images.json (`mysql-8.0`) or any image
 * reference; else the one that is pinned under the name itself.
 *
 * @throws UsageError for a name without a pinned image.
 */
export function imageOf(name: string, env: NodeJS.ProcessEnv = process.env): ChosenImage {
  const pinned = pinnedImages();
  const wanted = env[`E2E_IMAGE_${name.toUpperCase()}`] ?? '';
  if (wanted !== '' && !(wanted in pinned)) return { reference: wanted, pinned: false };
  const reference = pinned[wanted === '' ? name : wanted];
  if (reference === undefined) {
    throw new UsageError(
      'IMAGE_NAME',
      `docker/images.json has no image for ${name}: set E2E_IMAGE_${name.toUpperCase()} to an image, ` +
        `or to one of ${Object.keys(pinned).join(', ')}`,
    );
  }
  return { reference, pinned: true };
}
