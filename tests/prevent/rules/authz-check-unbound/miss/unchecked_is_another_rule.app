-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', ({ payload }) => api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'PUT' }));
export const handler = resolver.getDefinitions();
