-- src/index.js --
import Resolver from '@forge/resolver';
import { call } from './client';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => call(`/items/${payload.id}`));
export const handler = resolver.getDefinitions();
-- src/client.js --
import { fetch } from '@forge/api';
import { BASE } from './constants';
export const call = (path) => fetch(`${BASE}${path}`);
-- src/constants.js --
export const BASE = 'https://api.example.org';
