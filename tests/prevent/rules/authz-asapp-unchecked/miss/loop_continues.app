-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('bulk', async ({ payload }) => {
  for (const id of payload.ids) {
    if (!(await authorize().onJiraIssue(id).canDelete())) continue;
    await api.asApp().requestJira(route`/rest/api/3/issue/${id}`, { method: 'DELETE' });
  }
});
export const handler = resolver.getDefinitions();
