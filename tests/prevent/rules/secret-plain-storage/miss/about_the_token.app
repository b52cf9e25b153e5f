-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', async ({ payload }) => {
  await kvs.set('has-token', Boolean(payload.token));
  await kvs.set('token-expires', payload.tokenExpires);
  await kvs.set('token-role', payload.role);
});
export const handler = resolver.getDefinitions();
