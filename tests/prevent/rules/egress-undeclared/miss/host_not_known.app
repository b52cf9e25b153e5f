-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', () => fetch(`https://${process.env.HOST}/items`));
export const handler = resolver.getDefinitions();
