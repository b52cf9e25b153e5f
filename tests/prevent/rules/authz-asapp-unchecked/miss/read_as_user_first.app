-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('history', async ({ payload }) => {
  const seen = await api.asUser().requestJira(route`/rest/api/3/issue/${payload.key}`);
  if (!seen.ok) throw new Error('not found');
  return api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}/changelog`);
});
export const handler = resolver.getDefinitions();
