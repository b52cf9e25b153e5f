-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issueAction:
    - key: close
      resource: main
      resolver: { function: resolver }
      displayConditions: { isAdmin: true }
  function: [{ key: resolver, handler: index.handler }]
resources: [{ key: main, path: static/main/build }]
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  if (!(await authorize().onJiraIssue(payload.key).canEdit())) throw new Error('Forbidden');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}`, { method: 'DELETE' });
});
export const handler = resolver.getDefinitions();
