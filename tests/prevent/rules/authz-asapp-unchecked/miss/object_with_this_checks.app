-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
const service = {
  async allow(key) {
    if (!(await authorize().onJiraIssue(key).canEdit())) throw new Error('Forbidden');
  },
  async remove(key) {
    await this.allow(key);
    return api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' });
  },
};
resolver.define('remove', ({ payload }) => service.remove(payload.key));
export const handler = resolver.getDefinitions();
