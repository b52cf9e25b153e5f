-- src/index.js --
import Resolver from '@forge/resolver';
import { save } from './store';
const resolver = new Resolver();
resolver.define('save', async ({ payload }) => {
  await save(payload); // HIT
});
export const handler = resolver.getDefinitions();
-- src/store.js --
import { kvs } from '@forge/kvs';
export const save = (config) => kvs.set('config', { ...config, at: Date.now() });
