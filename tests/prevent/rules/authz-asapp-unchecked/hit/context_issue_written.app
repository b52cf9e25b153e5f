-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('label', async ({ context, payload }) => {
  const key = context.extension.issue.key;
  await api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'PUT', body: JSON.stringify(payload) }); // HIT
});
export const handler = resolver.getDefinitions();
