-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('item', async ({ context }) =>
  fetch(`https://api.example.com/v1/sites/${context.cloudId}`, { headers: { Authorization: `Bearer ${process.env.T}` } }));
export const handler = resolver.getDefinitions();
