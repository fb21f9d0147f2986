import { mysql } from '../../src/connectors/mysql/index.ts';
import { connectorContract } from './contract.ts';

connectorContract('mysql', {
  connector: mysql,
  refusedTypes: ['array(int32)', 'array(text)', 'array(float64)', 'array(instant(6))'],
  finiteFloats: true,
});
