-- src/index.js --
import Resolver from '@forge/resolver';
const state = {};
const resolver = new Resolver();
const who = () => state.account;
resolver.define('x', async ({ context }) => {
  state.account = context.accountId; // HIT
  return who();
});
export const handler = resolver.getDefinitions();
