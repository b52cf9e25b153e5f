-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  const res = await api.asUser().requestJira(route`/rest/api/3/issue/${payload.key}`);
  const issue = await res.json();
  if (!(await authorize().onJiraIssue(issue.id).canEdit())) throw new Error('no');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}`, { method: 'PUT' });
});
export const handler = resolver.getDefinitions();
