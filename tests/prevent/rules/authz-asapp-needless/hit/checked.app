-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('show', async ({ payload }) => {
  if (!(await authorize().onJiraIssue(payload.id).canEdit())) throw new Error('Forbidden');
  return (await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`)).json(); // HIT
});
export const handler = resolver.getDefinitions();
