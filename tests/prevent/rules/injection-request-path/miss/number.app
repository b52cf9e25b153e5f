-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('item', async ({ payload }) =>
  fetch(`https://api.example.com/v1/pages/${Number(payload.page)}`, { headers: { Authorization: `Bearer ${process.env.T}` } }));
export const handler = resolver.getDefinitions();
