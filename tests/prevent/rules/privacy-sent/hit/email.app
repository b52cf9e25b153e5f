-- src/index.js --
import Resolver from '@forge/resolver';
import api, { fetch, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('invite', async () => {
  const me = await (await api.asUser().requestJira(route`/rest/api/3/myself`)).json();
  await fetch(`https://api.example.com/invite?to=${encodeURIComponent(me.emailAddress)}`); // HIT
});
export const handler = resolver.getDefinitions();
