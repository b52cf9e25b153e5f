-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', async (req) => {
  console.log(req); // HIT
  console.log(req.payload); // HIT
});
export const handler = resolver.getDefinitions();
