-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('remove', ({ payload }) => kvs.delete(`note-${payload.id}`)); // HIT
export const handler = resolver.getDefinitions();
