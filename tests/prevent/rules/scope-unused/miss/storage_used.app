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
  scopes: ['storage:app']
-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', () => kvs.get('a'));
export const handler = resolver.getDefinitions();
