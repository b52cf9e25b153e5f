-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}/transitions`, { method: 'POST' }); // HIT
});
export const handler = resolver.getDefinitions();
