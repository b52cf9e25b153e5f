-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('close', async ({ payload, context }) => {
  const admins = await kvs.get('admins');
  if (!admins.includes(context.accountId)) throw new Error('no');
  return api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}`, { method: 'PUT' });
});
export const handler = resolver.getDefinitions();
