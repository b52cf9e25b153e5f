-- src/index.ts --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
class Issues {
  private readonly client = api.asApp();
  remove = async (key: string) => this.client.requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' }); // HIT
}
class Handlers {
  constructor(private readonly issues: Issues) {}
  remove = async ({ payload }: any) => this.issues.remove(payload.key);
}
const handlers = new Handlers(new Issues());
const resolver = new Resolver();
resolver.define('remove', handlers.remove);
export const handler = resolver.getDefinitions();
