-- src/index.ts --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const timed = <In, Out>(work: (input: In) => Promise<Out>) => async (request: { payload: In }): Promise<Out> => {
  const answer = await work(request.payload);
  return answer;
};
interface Close { key: string }
resolver.define('close', timed<Close, unknown>(async (input) =>
  api.asApp().requestJira(route`/rest/api/3/issue/${input.key}`, { method: 'DELETE' }))); // HIT
export const handler = resolver.getDefinitions();
