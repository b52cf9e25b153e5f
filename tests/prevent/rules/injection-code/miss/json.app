-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => JSON.parse(payload.text));
export const handler = resolver.getDefinitions();
