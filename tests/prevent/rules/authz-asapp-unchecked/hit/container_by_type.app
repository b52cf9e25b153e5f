-- src/container.ts --
import { Container } from 'inversify';
import { IssueService, JiraIssueService } from './issues';
export const TYPES = { Issues: Symbol.for('Issues') };
export const container = new Container();
container.bind<IssueService>(TYPES.Issues).to(JiraIssueService).inSingletonScope();
-- src/issues.ts --
import api, { route } from '@forge/api';
export interface IssueService { remove(key: string): Promise<unknown> }
export class JiraIssueService implements IssueService {
  async remove(key: string) {
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' }); // HIT
  }
}
-- src/index.ts --
import Resolver from '@forge/resolver';
import { TYPES, container } from './container';
import type { IssueService } from './issues';
const resolver = new Resolver();
resolver.define('remove', async ({ payload }: any) => container.get<IssueService>(TYPES.Issues).remove(payload.key));
export const handler = resolver.getDefinitions();
