-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('check', ({ payload }) => /^[a-z]+(-[a-z]+)*$/.test(payload.key) && /^\d+(?:\.\d+)?$/.test(payload.n));
export const handler = resolver.getDefinitions();
