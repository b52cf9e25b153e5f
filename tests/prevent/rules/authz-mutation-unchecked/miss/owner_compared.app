-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('save', async ({ payload, context }) => {
  const note = await kvs.get(`note-${payload.id}`);
  if (note.owner !== context.accountId) throw new Error('not yours');
  await kvs.set(`note-${payload.id}`, payload.text);
});
export const handler = resolver.getDefinitions();
