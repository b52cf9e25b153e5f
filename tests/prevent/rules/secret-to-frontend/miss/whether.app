-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('a', async () => !!(await kvs.getSecret('token')));
resolver.define('b', async () => ({ set: (await kvs.getSecret('token')) !== undefined }));
resolver.define('c', async () => Boolean(await kvs.getSecret('token')));
export const handler = resolver.getDefinitions();
