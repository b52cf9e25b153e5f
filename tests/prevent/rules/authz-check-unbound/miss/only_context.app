-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ context }) => {
  const { issue } = context.extension;
  if (!(await authorize().onJiraIssue(issue.id).canEdit())) throw new Error('no');
  await api.asApp().requestJira(route`/rest/api/3/issue/${issue.id}`, { method: 'PUT' });
});
export const handler = resolver.getDefinitions();
