-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  const { issueId } = payload;
  if (!(await authorize().onJiraIssue(issueId).canEdit())) throw new Error('no');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.issueId}`, { method: 'PUT' });
});
export const handler = resolver.getDefinitions();
