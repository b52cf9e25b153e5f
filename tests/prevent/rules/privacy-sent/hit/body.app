-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('order', async ({ payload, context }) => {
  await fetch('https://api.example.com/orders', { // HIT
    method: 'POST',
    body: JSON.stringify({ item: payload.item, user: context.accountId }),
  });
});
export const handler = resolver.getDefinitions();
