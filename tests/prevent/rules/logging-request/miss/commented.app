-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => {
  // console.log(payload);
  return payload;
});
export const handler = resolver.getDefinitions();
