-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('merge', async ({ payload, context }) => {
  const token = await kvs.getSecret(`github-token-${context.accountId}`);
  await fetch('https://api.github.com/x', { method: 'PUT', body: payload.body, headers: { Authorization: `Bearer ${token}` } });
});
export const handler = resolver.getDefinitions();
