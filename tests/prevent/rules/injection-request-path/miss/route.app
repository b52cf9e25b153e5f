-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch, route } from '@forge/api';
const resolver = new Resolver();
resolver.define('item', async ({ payload }) => {
  const path = route`/v1/items/${payload.id}`;
  return fetch(`https://api.example.com${path.value}`, { headers: { Authorization: `Bearer ${process.env.T}` } });
});
export const handler = resolver.getDefinitions();
