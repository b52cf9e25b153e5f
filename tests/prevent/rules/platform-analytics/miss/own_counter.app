-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('open', async () => kvs.set('opened', ((await kvs.get('opened')) ?? 0) + 1));
export const handler = resolver.getDefinitions();
