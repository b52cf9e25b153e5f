-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => kvs.set('cursor', payload.nextPageToken));
export const handler = resolver.getDefinitions();
