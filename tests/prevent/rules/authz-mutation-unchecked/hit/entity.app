-- src/index.js --
import Resolver from '@forge/resolver';
import kvs from '@forge/kvs';
const resolver = new Resolver();
resolver.define('save', ({ payload }) => kvs.entity('rule').set(payload.id, payload.rule)); // HIT
export const handler = resolver.getDefinitions();
