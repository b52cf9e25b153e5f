-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('mine', ({ payload }) => kvs.get(`settings-${payload.accountId}`)); // HIT
export const handler = resolver.getDefinitions();
