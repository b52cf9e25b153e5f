-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('flag', async ({ context }) => ({ on: context.accountId.length > 3 }));
export const handler = resolver.getDefinitions();
