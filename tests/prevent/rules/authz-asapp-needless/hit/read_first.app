-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('show', async ({ payload }) => {
  const mine = await api.asUser().requestConfluence(route`/wiki/api/v2/pages/${payload.id}`);
  if (!mine.ok) throw new Error('Forbidden');
  return (await api.asApp().requestConfluence(route`/wiki/api/v2/pages/${payload.id}/labels`)).json(); // HIT
});
export const handler = resolver.getDefinitions();
