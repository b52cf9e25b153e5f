-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('item', async ({ payload }) => {
  const res = await fetch(`https://api.example.com/v1/items/${payload.id}`, { // HIT
    headers: { Authorization: `Bearer ${process.env.API_TOKEN}` },
  });
  return res.json();
});
export const handler = resolver.getDefinitions();
