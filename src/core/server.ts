/**
 * Servers as the house sees them from outside: where they are, for whom, and what they are. Plain data, since a server
 * is started in one process and used in others.
 */
import { Secret } from './secret.ts';
import type { DatabaseKind, Stack } from './words.ts';

/** How to reach a server from one point of view. */
export interface Address {
  readonly host: string;
  /** The port of the protocol that the harness itself speaks. */
  readonly port: number;
  /** Further ports by protocol: ClickHouse `http` and `native`, YTsaurus `rpc`. */
  readonly ports: Readonly<Record<string, number>>;
  readonly user: string;
  readonly password: Secret;
  readonly tls: boolean;
  /** Database or directory that is there from the start and in which namespaces are made. */
  readonly root: string;
}

/** Where the harness connects. Never handed to an engine: the two differ as soon as one of them is in a container. */
export type HostView = Address & { readonly view: 'host' };
/** Where the engine connects. */
export type EngineView = Address & { readonly view: 'engine' };
/** Where an engine in a container connects, when it is on the network of that name. */
export type NetworkView = EngineView & { readonly network: string };

/** A running server that somebody else owns. */
export interface ServerInfo {
  readonly kind: DatabaseKind;
  readonly stack: Stack;
  /** As the server says it: `18.4`. */
  readonly version: string;
  /** The product where a kind has several: `MySQL`, `MariaDB`. */
  readonly product: string;
  /** True where a stand-in answers in place of the real server. */
  readonly emulated: boolean;
  readonly hostView: HostView;
  readonly engineView: EngineView;
  /** Only of servers in containers. */
  readonly networkView?: NetworkView;
  /** The server's log file, where the harness can read it. */
  readonly logFile?: string;
}

interface AddressJson extends Omit<Address, 'password'> {
  readonly password: string;
}

/** For a pipe between processes of one run only: the password goes in clear. */
export function toWire(info: ServerInfo): string {
  const open = (address: Address): AddressJson => ({ ...address, password: address.password.reveal() });
  const { networkView } = info;
  return JSON.stringify({
    ...info,
    hostView: open(info.hostView),
    engineView: open(info.engineView),
    ...(networkView === undefined ? {} : { networkView: open(networkView) }),
  });
}

export function fromWire(text: string): ServerInfo {
  const { hostView, engineView, networkView, ...info } = JSON.parse(text) as Omit<
    ServerInfo,
    'hostView' | 'engineView' | 'networkView'
  > & {
    readonly hostView: AddressJson;
    readonly engineView: AddressJson;
    readonly networkView?: AddressJson & { readonly network: string };
  };
  return {
    ...info,
    hostView: { ...closed(hostView), view: 'host' },
    engineView: { ...closed(engineView), view: 'engine' },
    ...(networkView === undefined ? {} : { networkView: { ...networkView, ...closed(networkView), view: 'engine' } }),
  };
}

function closed(address: AddressJson): Address {
  return { ...address, password: new Secret(address.password) };
}
