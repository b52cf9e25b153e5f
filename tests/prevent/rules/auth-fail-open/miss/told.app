-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  let failed = false;
  try {
    if (!(await authorize().onJiraIssue(payload.id).canEdit())) return { error: 'Forbidden' };
    await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' });
  } catch (error) {
    failed = true;
  }
  return { failed };
});
export const handler = resolver.getDefinitions();
