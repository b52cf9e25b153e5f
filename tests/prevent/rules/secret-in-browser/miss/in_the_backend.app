-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('items', async () =>
  (await fetch('https://api.example.com/items', { headers: { Authorization: `Bearer ${process.env.TOKEN}` } })).json());
export const handler = resolver.getDefinitions();
