-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => /a+/.exec(payload.text));
export const handler = resolver.getDefinitions();
