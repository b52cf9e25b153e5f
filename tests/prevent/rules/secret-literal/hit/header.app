-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
const KEY = 'k9Zq3LmV7tXb2RwP'; // HIT
resolver.define('x', () => fetch('https://api.example.org/v1', { headers: { Authorization: `Bearer ${KEY}` } }));
export const handler = resolver.getDefinitions();
