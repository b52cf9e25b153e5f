-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('x', async () => fetch(`${await kvs.get('base')}/items`));
export const handler = resolver.getDefinitions();
