-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('mine', ({ payload, context }) => {
  if (payload.accountId !== context.accountId) throw new Error('no');
  return kvs.get(`settings-${payload.accountId}`);
});
export const handler = resolver.getDefinitions();
