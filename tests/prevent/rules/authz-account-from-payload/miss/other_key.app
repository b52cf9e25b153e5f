-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('issue', ({ payload }) => kvs.get(`note-${payload.issueId}`));
export const handler = resolver.getDefinitions();
