-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('load', () => 1);
export const handler = resolver.getDefinitions();
-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const load = () => invoke('laod'); // HIT
export const again = () => invoke('load');
