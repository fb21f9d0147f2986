/**
 * An object store as engines are told of it: where processes that share a transfer keep what they agree on. Plain data,
 * since a store is started in one process and used in others.
 */
import { Secret } from './secret.ts';

export interface StoreInfo {
  /** URL for programs of this machine. */
  readonly endpoint: string;
  /** URL for programs on the containers' network, where the store is there. */
  readonly network?: { readonly name: string; readonly endpoint: string };
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: Secret;
}

/** A bucket of one transfer's own. */
export interface TransferStore extends StoreInfo {
  readonly bucket: string;
}

/** For a pipe between processes of one run only: the secret key goes in clear. */
export function storeToWire(info: StoreInfo): string {
  return JSON.stringify({ ...info, secretKey: info.secretKey.reveal() });
}

export function storeFromWire(text: string): StoreInfo {
  const info = JSON.parse(text) as Omit<StoreInfo, 'secretKey'> & { readonly secretKey: string };
  return { ...info, secretKey: new Secret(info.secretKey) };
}
