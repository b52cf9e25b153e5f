-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
const NAMESPACE = 'http://www.w3.org/2000/svg';
resolver.define('x', () => fetch('https://api.example.org/items', { body: NAMESPACE }));
export const handler = resolver.getDefinitions();
