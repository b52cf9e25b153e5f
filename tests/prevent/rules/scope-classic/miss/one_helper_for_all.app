-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const call = async (path, method) => api.asUser().requestJira(path, { method });
resolver.define('remove', ({ payload }) => call(route`/rest/api/3/issue/${payload.key}`, 'DELETE'));
resolver.define('save', ({ payload }) => call(route`/rest/api/3/issue/${payload.key}/watchers`, 'POST'));
export const handler = resolver.getDefinitions();
-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main, resolver: { function: resolver } }]
  function: [{ key: resolver, handler: index.handler }]
resources: [{ key: main, path: static/main/build }]
permissions: { scopes: ['write:jira-work'] }
