-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const cache = new Map();
const resolver = new Resolver();
resolver.define('x', async ({ context }) => {
  if (!cache.has(context.cloudId)) cache.set(context.cloudId, await kvs.get('settings'));
  return cache.get(context.cloudId);
});
export const handler = resolver.getDefinitions();
