-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', ({ payload, context }) => kvs.setSecret(`t-${context.accountId}`, payload.apiToken));
export const handler = resolver.getDefinitions();
