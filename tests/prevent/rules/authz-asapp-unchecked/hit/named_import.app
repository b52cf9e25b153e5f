-- src/index.js --
import Resolver from '@forge/resolver';
import { asApp as app, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('read', (req) => app().requestJira(route`/rest/api/3/issue/${req.payload.key}`)); // HIT
export const handler = resolver.getDefinitions();
