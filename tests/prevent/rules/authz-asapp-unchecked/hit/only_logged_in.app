-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload, context }) => {
  if (!context.accountId) throw new Error('sign in');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}`, { method: 'PUT' }); // HIT
});
export const handler = resolver.getDefinitions();
