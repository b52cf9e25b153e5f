-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('load', () => 1);
export const handler = resolver.getDefinitions();
