-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('theme', async ({ context }) =>
  (await api.asUser().requestConfluence(route`/wiki/rest/api/user/${context.accountId}/property/theme`)).json());
export const handler = resolver.getDefinitions();
