-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('item', async ({ payload }) => fetch(`https://api.example.com/v1/items/${payload.id}`));
export const handler = resolver.getDefinitions();
