-- src/index.js --
import Resolver from '@forge/resolver';
import sql from '@forge/sql';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => sql.prepare(`SELECT * FROM notes LIMIT ${Number(payload.limit)}`).execute());
export const handler = resolver.getDefinitions();
