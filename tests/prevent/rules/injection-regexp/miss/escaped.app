-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
resolver.define('search', ({ payload }) => new RegExp(escape(payload.query)).test('a'));
export const handler = resolver.getDefinitions();
