-- src/index.ts --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
class Base {
  async send(key: string) {
    if (!(await authorize().onJiraIssue(key).canEdit())) throw new Error('Forbidden');
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'PUT' });
  }
}
class Client extends Base {
  async send(key: string) {
    return super.send(key);
  }
}
const resolver = new Resolver();
resolver.define('send', ({ payload }: any) => new Client().send(payload.key));
export const handler = resolver.getDefinitions();
