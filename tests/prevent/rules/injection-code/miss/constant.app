-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', () => new Function('return 1')());
export const handler = resolver.getDefinitions();
