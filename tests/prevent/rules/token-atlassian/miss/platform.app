-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', () => api.asUser().requestJira(route`/rest/api/3/myself`));
export const handler = resolver.getDefinitions();
