-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('run', ({ payload: { userId } }) =>
  api.asUser(userId).requestJira(route`/rest/api/3/myself`)); // HIT
export const handler = resolver.getDefinitions();
