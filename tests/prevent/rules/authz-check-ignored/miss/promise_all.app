-- src/index.js --
import Resolver from '@forge/resolver';
import { authorize } from '@forge/api';
const resolver = new Resolver();
resolver.define('may', async ({ payload }) => {
  const answers = await Promise.all(payload.ids.map((id) => authorize().onJiraIssue(id).canEdit()));
  return answers.every(Boolean);
});
export const handler = resolver.getDefinitions();
