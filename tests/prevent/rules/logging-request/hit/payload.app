-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', ({ payload, context }) => {
  console.log('called', payload); // HIT
  console.log(JSON.stringify(context)); // HIT
});
export const handler = resolver.getDefinitions();
