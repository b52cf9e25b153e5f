-- src/index.js --
import Resolver from '@forge/resolver';
import api, { assumeTrustedRoute } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => api.asUser().requestJira(assumeTrustedRoute(`/rest/api/3/${payload.path}`))); // HIT
export const handler = resolver.getDefinitions();
