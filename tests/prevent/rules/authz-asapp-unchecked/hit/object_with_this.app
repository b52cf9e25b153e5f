-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const service = {
  client: api.asApp(),
  path: (key) => route`/rest/api/3/issue/${key}`,
  async remove(key) {
    return this.client.requestJira(this.path(key), { method: 'DELETE' }); // HIT
  },
  removeAll: async function (keys) {
    for (const key of keys) await this.remove(key);
  },
};
resolver.define('remove', ({ payload }) => service.removeAll(payload.keys));
export const handler = resolver.getDefinitions();
