-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', async () => {
  const token = await kvs.getSecret('token');
  console.log('has token', !!token, process.env.REGION);
});
export const handler = resolver.getDefinitions();
