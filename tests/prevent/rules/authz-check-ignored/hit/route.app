-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  await api.asUser().requestJira(route`/rest/api/3/mypermissions?permissions=EDIT_ISSUES&issueKey=${payload.id}`); // HIT
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' });
});
export const handler = resolver.getDefinitions();
