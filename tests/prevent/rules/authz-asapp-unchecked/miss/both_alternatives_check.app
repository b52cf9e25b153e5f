-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload, context }) => {
  const issue = await (await api.asUser().requestJira(route`/rest/api/3/issue/${payload.id}`)).json();
  const own = issue.fields.reporter.accountId === context.accountId;
  if (!own && !(await authorize().onJiraIssue(payload.id).canEdit())) return;
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'PUT' });
});
export const handler = resolver.getDefinitions();
