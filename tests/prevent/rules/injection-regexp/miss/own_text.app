-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
const SLOW = /^(a+)+$/;
resolver.define('check', ({ context }) => SLOW.test('aaa') && new RegExp(context.moduleKey).test('b'));
export const handler = resolver.getDefinitions();
