-- src/index.js --
import Resolver from '@forge/resolver';
import sql from '@forge/sql';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => sql.prepare(`SELECT * FROM notes WHERE id = '${payload.id}'`).execute()); // HIT
export const handler = resolver.getDefinitions();
