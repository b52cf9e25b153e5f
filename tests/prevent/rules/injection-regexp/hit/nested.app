-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
const MAIL = /^([a-z0-9]+)+@example\.com$/;
resolver.define('check', ({ payload }) => MAIL.test(payload.address)); // HIT
export const handler = resolver.getDefinitions();
