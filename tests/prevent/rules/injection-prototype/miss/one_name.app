-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('set', ({ payload }) => {
  const counts = {};
  counts[payload.name] = 1;
  return counts;
});
export const handler = resolver.getDefinitions();
