-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('search', ({ payload }) => ['a', 'b'].filter((name) => new RegExp(payload.query, 'i').test(name))); // HIT
export const handler = resolver.getDefinitions();
