-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => eval(payload.formula)); // HIT
export const handler = resolver.getDefinitions();
