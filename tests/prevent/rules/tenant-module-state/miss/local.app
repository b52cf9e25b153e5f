-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', async () => {
  let settings = null;
  settings = await kvs.get('settings');
  return settings;
});
export const handler = resolver.getDefinitions();
