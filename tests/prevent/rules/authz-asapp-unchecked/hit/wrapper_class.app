-- src/index.ts --
import Resolver from '@forge/resolver';
import { Jira } from './jira';
const resolver = new Resolver();
const jira = new Jira();
resolver.define('rename', ({ payload }: any) => jira.rename(payload.key, payload.name));
export const handler = resolver.getDefinitions();
-- src/jira.ts --
import api, { route } from '@forge/api';
export class Jira {
  private client;
  constructor() {
    this.client = api.asApp();
  }
  async rename(key: string, name: string) {
    return this.client.requestJira(route`/rest/api/3/issue/${key}`, { method: 'PUT', body: name }); // HIT
  }
}
