-- src/index.js --
import Resolver from '@forge/resolver';
import { asClass, createContainer } from 'awilix';
import api, { route } from '@forge/api';
class Issues {
  async remove(key) {
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' }); // HIT
  }
}
const container = createContainer();
container.register({ issues: asClass(Issues).singleton() });
const resolver = new Resolver();
resolver.define('remove', async ({ payload }) => container.resolve('issues').remove(payload.key));
export const handler = resolver.getDefinitions();
