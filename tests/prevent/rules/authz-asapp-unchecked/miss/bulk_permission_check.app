-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const allowed = async (accountId, id) => {
  const res = await api.asApp().requestJira(route`/rest/api/3/permissions/check`, {
    method: 'POST',
    body: JSON.stringify({ accountId, projectPermissions: [{ issues: [id], permissions: ['EDIT_ISSUES'] }] }),
  });
  const { projectPermissions } = await res.json();
  return projectPermissions[0].issues.includes(id);
};
resolver.define('close', async ({ payload, context }) => {
  if (!(await allowed(context.accountId, payload.id))) throw new Error('no');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'PUT' });
});
export const handler = resolver.getDefinitions();
