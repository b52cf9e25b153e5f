-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('merge', async ({ payload }) => {
  const token = await kvs.getSecret('github-token');
  await fetch(`https://api.github.com/repos/acme/web/pulls/${Number(payload.number)}/merge`, { // HIT
    method: 'PUT',
    headers: { Authorization: `Bearer ${token}` },
  });
});
export const handler = resolver.getDefinitions();
