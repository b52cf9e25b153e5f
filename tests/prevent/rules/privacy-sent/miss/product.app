-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('assign', async ({ context }) => {
  await api.asUser().requestJira(route`/rest/api/3/issue/A-1/assignee`, {
    method: 'PUT', body: JSON.stringify({ accountId: context.accountId }),
  });
});
export const handler = resolver.getDefinitions();
