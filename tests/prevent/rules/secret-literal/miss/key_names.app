-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
export const API_TOKEN = 'api-token';
export const tokenId = 'a1b2c3d4e5f6a7b8';
export const pageToken = 'CAUQAA1234567890';
const label = { password: 'Enter your password', token: 'settings.token.label' };
resolver.define('x', () => label);
export const handler = resolver.getDefinitions();
