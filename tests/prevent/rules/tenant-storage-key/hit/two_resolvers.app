-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
const fill = async (id) => {
  const page = await (await api.asUser().requestConfluence(route`/wiki/api/v2/pages/${id}`)).json();
  await kvs.set('page', { title: page.title, body: page.body }); // HIT
};
resolver.define('open', async ({ payload }) => fill(payload.id));
resolver.define('last', async () => kvs.get('page'));
export const handler = resolver.getDefinitions();
