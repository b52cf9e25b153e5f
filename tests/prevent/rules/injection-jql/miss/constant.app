-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', () => api.asApp().requestJira(route`/rest/api/3/search/jql?jql=${'project = "X"'}`));
export const handler = resolver.getDefinitions();
