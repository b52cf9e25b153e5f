-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
const form = { apiKey: 'your-api-key-1234', clientSecret: '<client secret 123>' };
resolver.define('x', () => form);
export const handler = resolver.getDefinitions();
