-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const read = async (id) => (await api.asUser().requestConfluence(route`/wiki/rest/api/user/${id}/property/api-token`)).json();
resolver.define('get-token', async ({ context }) => {
  const found = await read(context.accountId);
  return found.value; // HIT
});
export const handler = resolver.getDefinitions();
