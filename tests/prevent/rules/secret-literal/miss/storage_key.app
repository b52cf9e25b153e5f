-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', async () => {
  const token = await kvs.getSecret('github-api-token-v2');
  return fetch('https://api.example.org', { headers: { Authorization: `Bearer ${token}` } });
});
export const handler = resolver.getDefinitions();
