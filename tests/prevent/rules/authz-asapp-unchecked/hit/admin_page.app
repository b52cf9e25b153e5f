-- manifest.yml --
app:
  id: x
  runtime: { name: nodejs22.x }
modules:
  jira:adminPage:
    - key: admin
      resource: main
      resolver: { function: resolver }
      title: Admin
  function:
    - key: resolver
      handler: index.handler
resources:
  - key: main
    path: ui
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('rename', ({ payload }) =>
  api.asApp().requestJira(route`/rest/api/3/project/${payload.id}`, { method: 'PUT', body: payload.name })); // HIT
export const handler = resolver.getDefinitions();
