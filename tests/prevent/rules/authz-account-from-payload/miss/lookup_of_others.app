-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('name', ({ payload }) => api.asUser().requestJira(route`/rest/api/3/user?accountId=${payload.accountId}`));
export const handler = resolver.getDefinitions();
