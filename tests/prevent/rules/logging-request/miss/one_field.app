-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', ({ payload, context }) => {
  console.log('page', payload.pageNumber, context.cloudId, Object.keys(payload).length);
});
export const handler = resolver.getDefinitions();
