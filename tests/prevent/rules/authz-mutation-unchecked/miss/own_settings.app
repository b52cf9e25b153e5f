-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('save', ({ payload, context }) => kvs.set(`settings-${context.accountId}`, payload));
export const handler = resolver.getDefinitions();
