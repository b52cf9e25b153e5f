-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const mayEdit = async (id) => {
  try {
    return await authorize().onJiraIssue(id).canEdit();
  } catch (error) {
    return false;
  }
};
resolver.define('close', async ({ payload }) => {
  if (!(await mayEdit(payload.id))) throw new Error('Forbidden');
});
export const handler = resolver.getDefinitions();
