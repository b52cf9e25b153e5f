-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) => {
  const allowed = await authorize().onJiraIssue(payload.id).canEdit().catch(() => false);
  if (!allowed) throw new Error('Forbidden');
});
export const handler = resolver.getDefinitions();
