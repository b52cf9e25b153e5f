-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('mine', ({ context }) => kvs.get(`settings-${context.accountId}`));
export const handler = resolver.getDefinitions();
