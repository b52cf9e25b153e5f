-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('list', async ({ payload }) => {
  const token = await kvs.getSecret('github-token');
  return (await fetch(`https://api.github.com/pulls?page=${Number(payload.page)}`, { headers: { Authorization: `Bearer ${token}` } })).json();
});
export const handler = resolver.getDefinitions();
