-- src/index.js --
import Resolver from '@forge/resolver';
import { sql } from '@forge/sql';
const find = (column) => sql.executeRaw('SELECT * FROM notes ORDER BY ' + column); // HIT
const resolver = new Resolver();
resolver.define('x', async ({ payload: { order } }) => find(order));
export const handler = resolver.getDefinitions();
