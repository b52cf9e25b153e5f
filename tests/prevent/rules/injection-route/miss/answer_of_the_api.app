-- src/index.js --
import Resolver from '@forge/resolver';
import api, { assumeTrustedRoute, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', async () => {
  const page = await (await api.asUser().requestConfluence(route`/wiki/api/v2/pages`)).json();
  return api.asUser().requestConfluence(assumeTrustedRoute(page._links.next));
});
export const handler = resolver.getDefinitions();
