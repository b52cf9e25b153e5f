-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('types', async () => {
  const known = await kvs.get('types');
  if (known) return known;
  const types = await (await api.asApp().requestJira(route`/rest/api/3/issuetype`)).json();
  await kvs.set('types', types);
  return types;
});
export const handler = resolver.getDefinitions();
