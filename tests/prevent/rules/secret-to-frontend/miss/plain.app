-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('config', () => kvs.get('config'));
export const handler = resolver.getDefinitions();
