-- manifest.yml --
app:
  id: x
modules:
  compass:adminPage:
    - key: admin
      resource: main
      resolver: { function: resolver }
  function:
    - key: resolver
      handler: index.handler
resources:
  - key: main
    path: ui
-- src/index.ts --
import Resolver from '@forge/resolver';
import graphqlGateway from '@atlassian/forge-graphql';
const resolver = new Resolver();
resolver.define('create', async ({ payload }) => {
  const { errors } = await graphqlGateway.compass.asApp().createComponent(payload.component); // HIT
  return errors;
});
export const handler = resolver.getDefinitions();
