-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('show', async ({ payload }) => {
  const res = await api.asUser().requestJira(route`/rest/api/3/mypermissions?permissions=ADMINISTER`);
  if (!(await res.json()).permissions.ADMINISTER.havePermission) throw new Error('Forbidden');
  return (await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`)).json();
});
export const handler = resolver.getDefinitions();
