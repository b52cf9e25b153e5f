-- src/index.js --
import Resolver from '@forge/resolver';
import { authorize } from '@forge/api';
const resolver = new Resolver();
resolver.define('may', async ({ payload }) => {
  const allowed = await authorize().onJiraIssue(payload.id).canEdit();
  if (!allowed) throw new Error('no');
});
export const handler = resolver.getDefinitions();
