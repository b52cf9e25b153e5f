-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('show', async ({ payload }) => (await api.asUser().requestJira(route`/rest/api/3/issue/${payload.id}`)).json());
export const handler = resolver.getDefinitions();
