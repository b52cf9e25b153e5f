-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { requireEdit } from './auth';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  await requireEdit(payload.id);
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'PUT' });
});
export const handler = resolver.getDefinitions();
-- src/auth.js --
import { authorize } from '@forge/api';
const canEdit = async (id) => authorize().onJiraIssue(id).canEdit();
export const requireEdit = async (id) => {
  const ok = await canEdit(id);
  if (!ok) throw new Error('Forbidden');
};
