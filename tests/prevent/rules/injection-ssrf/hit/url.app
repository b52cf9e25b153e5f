-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', async ({ payload }) => (await fetch(payload.url)).text()); // HIT
export const handler = resolver.getDefinitions();
