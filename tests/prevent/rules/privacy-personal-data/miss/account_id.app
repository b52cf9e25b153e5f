-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', async ({ context, payload }) => {
  console.log('saved', payload.name, context.accountId);
  await kvs.set('who', { accountId: context.accountId, title: payload.name });
});
export const handler = resolver.getDefinitions();
