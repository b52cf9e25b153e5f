-- src/index.js --
export { handler } from './resolvers';
-- src/resolvers/index.js --
import Resolver from '@forge/resolver';
import { client, route } from '../client';
const resolver = new Resolver();
resolver.define('read', ({ payload }) => client.requestJira(route`/rest/api/3/issue/${payload.key}`)); // HIT
export const handler = resolver.getDefinitions();
-- src/client.js --
import api from '@forge/api';
export { route } from '@forge/api';
export const client = api.asApp();
