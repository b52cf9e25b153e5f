-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
class Issues {
  async remove(key) {
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' });
  }
}
const seen = new Map();
resolver.define('known', ({ payload }) => seen.get(payload.key)?.remove ?? Issues.name);
export const handler = resolver.getDefinitions();
