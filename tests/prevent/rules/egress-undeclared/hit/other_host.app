-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', () => fetch('https://api.example.org/items')); // HIT
export const handler = resolver.getDefinitions();
