-- src/index.ts --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
class Base {
  send(key: string) {
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'PUT' }); // HIT
  }
}
class Client extends Base {
  send(key: string) {
    console.log('sends');
    return super.send(key);
  }
}
const resolver = new Resolver();
resolver.define('send', ({ payload }: any) => new Client().send(payload.key));
export const handler = resolver.getDefinitions();
