-- src/issues.ts --
import api, { route } from '@forge/api';
import { Service } from 'typedi';
@Service()
export class Issues {
  async remove(key: string) {
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' }); // HIT
  }
}
@Service()
export class Handlers {
  constructor(private readonly issues: Issues) {}
  async remove(key: string) {
    return this.issues.remove(key);
  }
}
-- src/index.ts --
import Resolver from '@forge/resolver';
import { Container } from 'typedi';
import { Handlers } from './issues';
const resolver = new Resolver();
resolver.define('remove', async ({ payload }: any) => Container.get(Handlers).remove(payload.key));
export const handler = resolver.getDefinitions();
