-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const handlers = {
  close: async ({ payload }) =>
    api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}`, { method: 'DELETE' }), // HIT
};
Object.entries(handlers).forEach(([key, run]) => resolver.define(key, run));
export const handler = resolver.getDefinitions();
