-- src/index.js --
import Resolver from '@forge/resolver';
import sql from '@forge/sql';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => sql.prepare('SELECT * FROM notes WHERE id = ?').bindParams(payload.id).execute());
export const handler = resolver.getDefinitions();
