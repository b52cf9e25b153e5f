-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('set', async ({ payload }) => {
  const settings = (await kvs.get('settings')) ?? {};
  settings[payload.group][payload.name] = payload.value; // HIT
  await kvs.set('settings', settings);
});
export const handler = resolver.getDefinitions();
