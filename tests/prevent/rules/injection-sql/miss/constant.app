-- src/index.js --
import Resolver from '@forge/resolver';
import sql from '@forge/sql';
const TABLE = 'notes';
const resolver = new Resolver();
resolver.define('x', () => sql.prepare(`SELECT * FROM ${TABLE}`).execute());
export const handler = resolver.getDefinitions();
