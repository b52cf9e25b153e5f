-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('types', async () => {
  const types = await (await api.asUser().requestJira(route`/rest/api/3/issuetype`)).json();
  await kvs.set('types', types.length);
  return types;
});
export const handler = resolver.getDefinitions();
