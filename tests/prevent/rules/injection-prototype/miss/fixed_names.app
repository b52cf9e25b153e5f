-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('set', ({ payload, context }) => {
  const settings = { colours: {} };
  settings['colours'][context.accountId] = payload.colour;
  return settings;
});
export const handler = resolver.getDefinitions();
