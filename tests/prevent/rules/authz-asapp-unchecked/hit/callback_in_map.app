-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('bulk', async ({ payload }) => {
  await Promise.all(payload.keys.map((key) =>
    api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' }))); // HIT
});
export const handler = resolver.getDefinitions();
