-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('save', async ({ payload }) => {
  await kvs.set('config', payload.config); // HIT
});
export const handler = resolver.getDefinitions();
