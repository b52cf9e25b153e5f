-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
const keys = { load: 'load' };
resolver.define(keys.load, () => 1);
resolver.define('reset', () => 2); // HIT
export const handler = resolver.getDefinitions();
-- static/main/src/api.js --
import { invoke } from '@forge/bridge';
const call = (key, data) => invoke(key, data);
export const load = () => call('load');
