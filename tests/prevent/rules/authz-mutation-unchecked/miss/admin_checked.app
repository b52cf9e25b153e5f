-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
const isAdmin = async () => {
  const res = await api.asUser().requestJira(route`/rest/api/3/mypermissions?permissions=ADMINISTER`);
  const { permissions } = await res.json();
  return permissions.ADMINISTER.havePermission;
};
resolver.define('save', async ({ payload }) => {
  if (!(await isAdmin())) throw new Error('Forbidden');
  await kvs.set('config', payload.config);
});
export const handler = resolver.getDefinitions();
