-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => fetch(`https://api.example.org/items/${payload.id}`));
export const handler = resolver.getDefinitions();
