// The rooms of the house and what each may import. tsc's project references say the same; test/house checks that they agree.

/** @type {Record<string, string[]>} room → rooms it may import from. */
export const ROOMS = {
  'src/core': [],
  'src/scenario': ['src/core'],
  'src/fixtures': ['src/core'],
  'src/connectors': ['src/core'],
  'src/connectors/postgres': ['src/core', 'src/connectors'],
  'src/connectors/clickhouse': ['src/core', 'src/connectors'],
  'src/connectors/mysql': ['src/core', 'src/connectors'],
  'src/stores': ['src/core', 'src/connectors'],
  'src/engines': ['src/core'],
  'src/workload': ['src/core'],
  'src/faults': ['src/core'],
  'src/diff': ['src/core'],
  'src/report': ['src/core'],
  'src/run': [
    'src/core',
    'src/scenario',
    'src/fixtures',
    'src/connectors',
    'src/stores',
    'src/engines',
    'src/workload',
    'src/faults',
    'src/diff',
    'src/report',
  ],
  'src/cli/registry': [
    'src/core',
    'src/connectors',
    'src/connectors/postgres',
    'src/connectors/clickhouse',
    'src/connectors/mysql',
    'src/engines',
    'src/fixtures',
    'src/scenario',
  ],
  'src/vitest': [
    'src/core',
    'src/scenario',
    'src/run',
    'src/report',
    'src/connectors',
    'src/cli/registry',
    'src/diff',
    'src/engines',
  ],
  'src/cli': [
    'src/core',
    'src/scenario',
    'src/fixtures',
    'src/connectors',
    'src/connectors/postgres',
    'src/connectors/clickhouse',
    'src/connectors/mysql',
    'src/engines',
    'src/diff',
    'src/run',
    'src/report',
    'src/vitest',
    'src/cli/registry',
  ],
  trctl: [],
};

/** The same as zones of eslint-plugin-import-x's no-restricted-paths. */
export function importZones() {
  return Object.entries(ROOMS).flatMap(([room, allowed]) => {
    const inside = Object.keys(ROOMS).filter((other) => other.startsWith(`${room}/`));
    const forbidden = Object.keys(ROOMS).filter(
      (other) => other !== room && !allowed.includes(other) && !room.startsWith(`${other}/`),
    );
    return forbidden.map((from) => ({
      target: inside.length > 0 ? `./${room}/*.ts` : `./${room}`,
      from: `./${from}`,
      except: allowed.filter((other) => other.startsWith(`${from}/`)).map((other) => `.${other.slice(from.length)}`),
      message: `${room} may import only from ${allowed.join(', ') || 'itself and packages'} (tools/rooms.js).`,
    }));
  });
}
