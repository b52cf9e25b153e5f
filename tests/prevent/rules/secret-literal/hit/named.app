-- src/index.js --
import Resolver from '@forge/resolver';
const clientSecret = 'Zt7Kq2Wm9Xp4Lr6N'; // HIT
const resolver = new Resolver();
resolver.define('x', () => clientSecret.length);
export const handler = resolver.getDefinitions();
