-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('load', () => 1);
resolver.define('save', () => 2);
export const handler = resolver.getDefinitions();
-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const both = () => Promise.all([invoke('load'), invoke('save')]);
