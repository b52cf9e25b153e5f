-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('load', ({ payload }) => kvs.get(`note-${payload.id}`));
export const handler = resolver.getDefinitions();
