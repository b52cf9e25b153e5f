-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('order', async ({ payload }) => {
  await fetch('https://api.example.com/orders', { method: 'POST', body: JSON.stringify({ item: payload.item }) });
});
export const handler = resolver.getDefinitions();
