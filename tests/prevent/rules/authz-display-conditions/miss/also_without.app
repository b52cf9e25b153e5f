-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issueAction:
    - key: close
      resource: main
      resolver: { function: resolver }
      displayConditions: { isAdmin: true }
  jira:issuePanel: [{ key: panel, resource: main, resolver: { function: resolver } }]
  function: [{ key: resolver, handler: index.handler }]
resources: [{ key: main, path: static/main/build }]
-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('save', async ({ payload }) => kvs.set('config', payload.config));
export const handler = resolver.getDefinitions();
