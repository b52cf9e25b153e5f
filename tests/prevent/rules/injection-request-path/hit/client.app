-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
const BASE = 'https://api.example.com';
const call = (path, token) => fetch(`${BASE}/${path}`, { headers: { 'x-api-key': token } }); // HIT
resolver.define('item', async ({ payload }) => (await call(`v1/${payload.kind}/all`, process.env.API_TOKEN)).json());
export const handler = resolver.getDefinitions();
