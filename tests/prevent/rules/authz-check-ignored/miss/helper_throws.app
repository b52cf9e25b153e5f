-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const requireEdit = async (id) => {
  const allowed = await authorize().onJiraIssue(id).canEdit();
  if (!allowed) throw new Error('Forbidden');
  return allowed;
};
resolver.define('close', async ({ payload }) => {
  await requireEdit(payload.id);
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' });
});
export const handler = resolver.getDefinitions();
