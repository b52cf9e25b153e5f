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
  external:
    fetch:
      backend: ['https://*.example.org', 'api.example.com']
-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', () => fetch('https://api.example.org/items'));
resolver.define('y', () => fetch('https://api.example.com/items'));
export const handler = resolver.getDefinitions();
