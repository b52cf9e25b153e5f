-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
const call = (method, path, body) => fetch(`https://api.example.com${path}`, {
  method,
  body: JSON.stringify(body),
  headers: { 'x-api-key': process.env.EXAMPLE_API_KEY },
});
resolver.define('order', async ({ payload }) => {
  await call('POST', '/orders', payload.order); // HIT
});
export const handler = resolver.getDefinitions();
