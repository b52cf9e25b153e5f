-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('set', ({ payload }) => {
  const settings = {};
  if (['__proto__', 'constructor', 'prototype'].includes(payload.group)) throw new Error('no');
  settings[payload.group][payload.name] = payload.value;
  return settings;
});
export const handler = resolver.getDefinitions();
