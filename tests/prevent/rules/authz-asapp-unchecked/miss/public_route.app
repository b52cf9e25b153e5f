-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('types', async ({ payload }) => api.asApp().requestJira(route`/rest/api/3/issuetype?x=${payload.x}`));
export const handler = resolver.getDefinitions();
