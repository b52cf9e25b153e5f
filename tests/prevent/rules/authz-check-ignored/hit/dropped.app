-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  await authorize().onJiraIssue(payload.id).canEdit(); // HIT
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'PUT' });
});
export const handler = resolver.getDefinitions();
