-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  const allowed = await authorize().onJiraIssue(payload.id).canEdit().catch(() => true); // HIT
  if (!allowed) throw new Error('Forbidden');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' });
});
export const handler = resolver.getDefinitions();
