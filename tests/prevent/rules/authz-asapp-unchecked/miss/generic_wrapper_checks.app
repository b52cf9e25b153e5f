-- src/index.ts --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const guarded = <In extends { key: string }, Out>(work: (input: In) => Promise<Out>) => async (request: { payload: In }) => {
  if (!(await authorize().onJiraIssue(request.payload.key).canEdit())) throw new Error('Forbidden');
  return work(request.payload);
};
resolver.define('close', guarded<any, unknown>(async (input) =>
  api.asApp().requestJira(route`/rest/api/3/issue/${input.key}`, { method: 'DELETE' })));
export const handler = resolver.getDefinitions();
