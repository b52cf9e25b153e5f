-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('set', ({ payload }) => {
  const settings = Object.create(null);
  settings[payload.group][payload.name] = payload.value;
  return settings;
});
export const handler = resolver.getDefinitions();
