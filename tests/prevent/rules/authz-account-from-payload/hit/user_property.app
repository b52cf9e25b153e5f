-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('token', ({ payload }) =>
  api.asUser().requestConfluence(route`/wiki/rest/api/user/${payload.accountId}/property/token`)); // HIT
export const handler = resolver.getDefinitions();
