-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('move', ({ payload }) =>
  kvs.get('target').then((target) =>
    api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}/${target}`, { method: 'PUT' }))); // HIT
export const handler = resolver.getDefinitions();
