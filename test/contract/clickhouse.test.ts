import { clickhouse } from '../../src/connectors/clickhouse/index.ts';
import { connectorContract } from './contract.ts';

connectorContract('clickhouse', {
  connector: clickhouse,
  notNullable: ['array(int32)', 'array(text)', 'array(float64)', 'array(instant(6))'],
});
