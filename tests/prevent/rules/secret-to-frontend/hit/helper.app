-- src/index.js --
import Resolver from '@forge/resolver';
import { storage } from '@forge/api';
const load = async () => (await storage.getSecret('token')) ?? '';
const resolver = new Resolver();
resolver.define('token', async () => load()); // HIT
export const handler = resolver.getDefinitions();
