-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const isAdmin = async () => {
  const res = await api.asUser().requestJira(route`/rest/api/3/mypermissions?permissions=ADMINISTER`);
  const data = await res.json();
  return !!data.permissions?.ADMINISTER?.havePermission;
};
const check = async (allowed) => {
  if (!(await allowed())) throw new Error('Forbidden');
};
resolver.define('save', ({ payload }) =>
  check(isAdmin).then(() => api.asApp().requestJira(route`/rest/api/3/project/${payload.id}`, { method: 'PUT' })));
export const handler = resolver.getDefinitions();
