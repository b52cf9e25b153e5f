-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('ping', async ({ context }) => {
  await fetch('https://api.example.com/ping', { method: 'POST', body: JSON.stringify({ site: context.cloudId }) });
});
export const handler = resolver.getDefinitions();
