-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const guarded = (run) => async (req) => {
  if (!(await authorize().onJiraIssue(req.payload.id).canEdit())) throw new Error('no');
  return run(req);
};
resolver.define('close', guarded(async ({ payload }) =>
  api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'PUT' })));
export const handler = resolver.getDefinitions();
