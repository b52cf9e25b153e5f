-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', async () => {
  const token = await kvs.getSecret('token');
  console.log(`using ${token}`); // HIT
});
export const handler = resolver.getDefinitions();
