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
      resolver: { function: worker, method: run }
  function:
    - key: resolver
      handler: index.handler
    - key: worker
      handler: worker.handler
resources:
  - key: main
    path: ui
-- src/index.js --
import Resolver from '@forge/resolver';
import { Queue } from '@forge/events';
const queue = new Queue({ key: 'work' });
const resolver = new Resolver();
resolver.define('start', async ({ payload }) => queue.push({ body: { key: payload.key } }));
export const handler = resolver.getDefinitions();
-- src/worker.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('run', async ({ payload }) => {
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}`, { method: 'DELETE' }); // HIT
});
export const handler = resolver.getDefinitions();
