-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload, context }) => {
  const may = await authorize().onJiraIssue(context.extension.issue.id).canEdit();
  if (!may) throw new Error('no');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'PUT' }); // HIT
});
export const handler = resolver.getDefinitions();
