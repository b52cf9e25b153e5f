-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main, resolver: { function: resolver } }]
  scheduledTrigger: [{ key: nightly, function: nightly, interval: day }]
  function: [{ key: resolver, handler: index.handler }, { key: nightly, handler: index.nightly }]
resources: [{ key: main, path: static/main/build }]
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const read = async (id) => (await api.asApp().requestJira(route`/rest/api/3/issue/${id}`)).json();
resolver.define('show', async ({ payload }) => {
  if (!(await authorize().onJiraIssue(payload.id).canEdit())) throw new Error('Forbidden');
  return read(payload.id);
});
export const handler = resolver.getDefinitions();
export const nightly = async () => read('A-1');
