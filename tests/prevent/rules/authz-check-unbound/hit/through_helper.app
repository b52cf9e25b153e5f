-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const requireEdit = async (id) => {
  if (!(await authorize().onConfluenceContent(id).canUpdate())) throw new Error('no');
};
resolver.define('copy', async ({ payload }) => {
  await requireEdit(payload.sourceId);
  await api.asApp().requestConfluence(route`/wiki/api/v2/pages/${payload.targetId}`, { method: 'PUT' }); // HIT
});
export const handler = resolver.getDefinitions();
