-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', async ({ payload }) => {
  try {
    await kvs.setSecret('t', payload.token);
  } catch (error) {
    console.error('could not store', error.message);
  }
});
export const handler = resolver.getDefinitions();
