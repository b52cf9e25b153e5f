-- src/index.js --
import Resolver from '@forge/resolver';
import { authorize, fetch } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('merge', async ({ payload, context }) => {
  if (!(await authorize().onJiraIssue(context.extension.issue.id).canEdit())) throw new Error('Forbidden');
  const token = await kvs.getSecret('github-token');
  await fetch('https://api.github.com/x', { method: 'PUT', body: payload.body, headers: { Authorization: `Bearer ${token}` } });
});
export const handler = resolver.getDefinitions();
