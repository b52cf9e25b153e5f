-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const edit = (id) => api.asApp().requestJira(route`/rest/api/3/issue/${id}`, { method: 'PUT' });
resolver.define('close', async ({ payload }) => {
  const may = await authorize().onJiraIssue(payload.id).canEdit();
  return may ? edit(payload.id) : null;
});
export const handler = resolver.getDefinitions();
