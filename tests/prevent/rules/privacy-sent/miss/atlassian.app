-- src/index.js --
import Resolver from '@forge/resolver';
import { fetch } from '@forge/api';
const resolver = new Resolver();
resolver.define('me', async ({ context }) => {
  await fetch(`https://api.atlassian.com/users/${context.accountId}`);
});
export const handler = resolver.getDefinitions();
