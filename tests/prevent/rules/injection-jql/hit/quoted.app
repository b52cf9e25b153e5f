-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', async ({ payload }) => {
  const jql = `project = "${payload.project}" AND resolution is EMPTY`;
  return api.asApp().requestJira(route`/rest/api/3/search/jql?jql=${jql}`); // HIT
});
export const handler = resolver.getDefinitions();
