-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
const merge = (target, source) => {
  for (const key in source) {
    if (typeof source[key] === 'object') merge(target[key], source[key]);
    else target[key] = source[key]; // HIT
  }
  return target;
};
resolver.define('set', ({ payload }) => merge({ a: {} }, payload.settings));
export const handler = resolver.getDefinitions();
