/** What scenario files are checked against: the fixtures there are, what the databases can do, what the engines support. */
import type { ConnectorTraits } from '../../connectors/connector.ts';
import { traits as clickhouse } from '../../connectors/clickhouse/traits.ts';
import { traits as mysql } from '../../connectors/mysql/traits.ts';
import { traits as postgres } from '../../connectors/postgres/traits.ts';
import type { DatabaseKind } from '../../core/words.ts';
import { supportOf } from '../../engines/dialect/support.ts';
import { FixtureCatalog } from '../../fixtures/fixture-file.ts';
import type { Surroundings } from '../../scenario/scenario.ts';

/** The traits alone: a scenario file is checked without loading a database's driver. */
const TRAITS: Readonly<Record<DatabaseKind, ConnectorTraits | undefined>> = {
  postgres,
  clickhouse,
  mysql,
  ydb: undefined,
  ytsaurus: undefined,
};

let catalog: FixtureCatalog | undefined;

export function surroundings(): Surroundings {
  catalog ??= new FixtureCatalog();
  return {
    fixtures: catalog,
    traitsOf: (kind) => TRAITS[kind],
    supports: (_engine, square) => supportOf(square).supported,
  };
}
