-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const get = async (host) => fetch(`https://${host}/api/v1/status`); // HIT
const resolver = new Resolver();
resolver.define('x', ({ payload }) => get(payload.host));
export const handler = resolver.getDefinitions();
