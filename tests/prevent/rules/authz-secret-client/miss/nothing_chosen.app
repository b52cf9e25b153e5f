-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('ping', async () => {
  await fetch('https://api.example.com/ping', { method: 'POST', headers: { 'x-api-key': process.env.EXAMPLE_API_KEY } });
});
export const handler = resolver.getDefinitions();
