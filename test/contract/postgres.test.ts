import { postgres } from '../../src/connectors/postgres/index.ts';
import { connectorContract } from './contract.ts';

connectorContract('postgres', { connector: postgres });
