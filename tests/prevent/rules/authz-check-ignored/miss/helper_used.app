-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const mayEdit = async (id) => authorize().onJiraIssue(id).canEdit();
resolver.define('close', async ({ payload }) => {
  const allowed = await mayEdit(payload.id);
  if (!allowed) return { error: 'Forbidden' };
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' });
});
export const handler = resolver.getDefinitions();
