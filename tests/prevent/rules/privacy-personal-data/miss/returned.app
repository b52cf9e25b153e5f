-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', async () => {
  const user = await (await api.asUser().requestJira(route`/rest/api/3/myself`)).json();
  console.log('user has mail', user.emailAddress !== undefined);
  return user.displayName;
});
export const handler = resolver.getDefinitions();
