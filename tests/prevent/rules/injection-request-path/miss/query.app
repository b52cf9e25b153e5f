-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('item', async ({ payload }) => {
  const query = new URLSearchParams({ q: payload.q });
  return fetch(`https://api.example.com/v1/items?${query}`, { headers: { Authorization: `Bearer ${process.env.T}` } });
});
export const handler = resolver.getDefinitions();
