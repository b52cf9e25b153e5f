-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', async () => {
  const user = await (await api.asUser().requestJira(route`/rest/api/3/myself`)).json();
  console.log(`Hello ${user.displayName}`); // HIT
  await kvs.set('who', { mail: user.emailAddress }); // HIT
});
export const handler = resolver.getDefinitions();
