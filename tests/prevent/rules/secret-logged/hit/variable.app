-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', async () => {
  console.debug('key', process.env.API_KEY); // HIT
});
export const handler = resolver.getDefinitions();
