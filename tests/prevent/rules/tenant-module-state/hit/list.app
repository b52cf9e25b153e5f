-- src/index.js --
import Resolver from '@forge/resolver';
const seen = [];
const resolver = new Resolver();
resolver.define('x', ({ payload }) => {
  seen.push(payload.text); // HIT
  return seen;
});
export const handler = resolver.getDefinitions();
