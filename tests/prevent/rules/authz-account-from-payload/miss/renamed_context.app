-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
const load = (accountId) => kvs.get(`settings-${accountId}`);
resolver.define('mine', (req) => load(req.context.accountId));
export const handler = resolver.getDefinitions();
