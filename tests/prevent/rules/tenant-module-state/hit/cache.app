-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
let settings = null;
const resolver = new Resolver();
resolver.define('x', async () => {
  if (!settings) settings = await kvs.get('settings'); // HIT
  return settings;
});
export const handler = resolver.getDefinitions();
