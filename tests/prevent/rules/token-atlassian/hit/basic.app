-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', () => fetch(`https://acme.atlassian.net/rest/api/3/myself`, { // HIT
  headers: { Authorization: `Basic ${Buffer.from(`a@b.c:${process.env.TOKEN}`).toString('base64')}` } }));
export const handler = resolver.getDefinitions();
