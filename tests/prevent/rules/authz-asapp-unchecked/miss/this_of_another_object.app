-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const removal = { async run(key) { return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' }); } };
const harmless = { async run(key) { return key; }, async start(key) { return this.run(key); } };
resolver.define('start', ({ payload }) => harmless.start(payload.key));
export const later = () => removal.run('A-1');
export const handler = resolver.getDefinitions();
