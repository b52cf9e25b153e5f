-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', ({ payload, context }) =>
  api.asUser().requestConfluence(route`/wiki/rest/api/user/${context.accountId}/property/t`, { // HIT
    method: 'PUT', body: JSON.stringify({ value: payload.token }) }));
export const handler = resolver.getDefinitions();
