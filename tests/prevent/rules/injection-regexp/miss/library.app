-- src/index.js --
import Resolver from '@forge/resolver';
import escapeStringRegexp from 'escape-string-regexp';
const resolver = new Resolver();
resolver.define('search', ({ payload }) => new RegExp(escapeStringRegexp(payload.query)).test('a'));
export const handler = resolver.getDefinitions();
