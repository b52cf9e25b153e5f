-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const unused = (key) => api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'PUT' });
resolver.define('hello', () => 'hello');
export const handler = resolver.getDefinitions();
