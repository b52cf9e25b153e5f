-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const mayEdit = async (id) => authorize().onJiraIssue(id).canEdit();
resolver.define('close', async ({ payload }) => {
  if (!mayEdit(payload.id)) throw new Error('Forbidden'); // HIT
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' });
});
export const handler = resolver.getDefinitions();
