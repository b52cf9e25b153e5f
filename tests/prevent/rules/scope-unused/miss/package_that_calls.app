-- manifest.yml --
app: { id: x }
modules:
  compass:adminPage:
    - key: p
      resolver: { function: r }
  function:
    - key: r
      handler: index.handler
permissions:
  scopes: ['read:component:compass']
-- src/index.js --
import Resolver from '@forge/resolver';
import graphqlGateway from '@atlassian/forge-graphql';
const resolver = new Resolver();
resolver.define('x', () => run(graphqlGateway));
export const handler = resolver.getDefinitions();
