-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('open', async () => {
  await fetch('https://api2.amplitude.com/2/httpapi', { method: 'POST', body: '{}' }); // HIT
});
export const handler = resolver.getDefinitions();
