-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
const call = async (id, path) => {
  const token = await kvs.getSecret(`token-${id}`);
  return fetch(`https://api.example.com/groups/${path}`, { headers: { 'PRIVATE-TOKEN': token } });
};
resolver.define('group', async ({ payload }) => call(payload.id, `${payload.id}/members`));
export const handler = resolver.getDefinitions();
