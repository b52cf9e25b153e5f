-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const mayEdit = async (id) => {
  if (!(await authorize().onJiraIssue(id).canEdit())) throw new Error('no');
};
resolver.define('close', async ({ payload }) => {
  try {
    await mayEdit(payload.id);
  } catch (error) {
    console.warn('not allowed');
  }
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'PUT' }); // HIT
});
export const handler = resolver.getDefinitions();
