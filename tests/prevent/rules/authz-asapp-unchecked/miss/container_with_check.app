-- src/issues.ts --
import api, { authorize, route } from '@forge/api';
export class Guard {
  async edit(key: string) {
    if (!(await authorize().onJiraIssue(key).canEdit())) throw new Error('Forbidden');
  }
}
export class Issues {
  constructor(private readonly guard: Guard) {}
  async remove(key: string) {
    await this.guard.edit(key);
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' });
  }
}
-- src/index.ts --
import Resolver from '@forge/resolver';
import { container } from 'tsyringe';
import { Issues } from './issues';
const resolver = new Resolver();
resolver.define('remove', async ({ payload }: any) => container.resolve(Issues).remove(payload.key));
export const handler = resolver.getDefinitions();
