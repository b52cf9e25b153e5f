-- manifest.yml --
app: { id: x }
modules:
  jira:issuePanel:
    - key: p
      resolver: { function: r }
  function:
    - key: r
      handler: index.handler
permissions:
  scopes:
    - storage:app # HIT
    - read:page:confluence # HIT
    - read:jira-work
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', () => api.asUser().requestJira(route`/rest/api/3/field`));
export const handler = resolver.getDefinitions();
