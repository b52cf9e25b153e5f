-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issueAction:
    - key: close
      resource: main
      resolver: { function: resolver }
      displayConditions: { isLoggedIn: true }
  function: [{ key: resolver, handler: index.handler }]
resources: [{ key: main, path: static/main/build }]
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('show', async ({ payload }) => (await api.asUser().requestJira(route`/rest/api/3/issue/${payload.key}`)).json());
export const handler = resolver.getDefinitions();
