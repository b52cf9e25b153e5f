-- manifest.yml --
app:
  id: x
modules:
  jira:issuePanel:
    - key: panel
      resource: main
      resolver: { function: resolver }
  consumer:
    - key: worker
      queue: work
      function: worker
  function:
    - key: resolver
      handler: index.handler
    - key: worker
      handler: worker.run
resources:
  - key: main
    path: ui
-- src/index.js --
import Resolver from '@forge/resolver';
import { authorize } from '@forge/api';
import { Queue } from '@forge/events';
const queue = new Queue({ key: 'work' });
const resolver = new Resolver();
resolver.define('start', async ({ payload }) => {
  if (!(await authorize().onJiraIssue(payload.id).canEdit())) throw new Error('no');
  await queue.push({ body: { id: payload.id } });
});
export const handler = resolver.getDefinitions();
-- src/worker.js --
import api, { route } from '@forge/api';
export const run = async (event) => api.asApp().requestJira(route`/rest/api/3/issue/${event.body.id}`, { method: 'PUT' });
