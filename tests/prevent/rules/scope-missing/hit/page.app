-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  confluence:contentAction: [{ key: panel, resource: main, resolver: { function: resolver } }]
  function: [{ key: resolver, handler: index.handler }]
resources: [{ key: main, path: static/main/build }]
permissions: { scopes: ['read:page:confluence'] }
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('read', async ({ payload }) => api.asUser().requestConfluence(route`/wiki/api/v2/pages/${payload.id}`));
resolver.define('save', async ({ payload }) =>
  api.asUser().requestConfluence(route`/wiki/api/v2/pages/${payload.id}`, { method: 'PUT', body: payload.body })); // HIT
export const handler = resolver.getDefinitions();
