-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('token', async () => {
  const token = await kvs.getSecret('token');
  return { token }; // HIT
});
export const handler = resolver.getDefinitions();
