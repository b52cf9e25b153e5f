-- src/index.js --
import Resolver from '@forge/resolver';
import { storage } from '@forge/api';
const resolver = new Resolver();
resolver.define('connect', ({ payload }) => storage.setSecret('api-key', payload.apiKey)); // HIT
export const handler = resolver.getDefinitions();
