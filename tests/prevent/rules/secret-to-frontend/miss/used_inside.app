-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('items', async () => {
  const token = await kvs.getSecret('token');
  const res = await fetch('https://api.example.org', { headers: { Authorization: token } });
  return res.json();
});
export const handler = resolver.getDefinitions();
