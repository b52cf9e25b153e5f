-- src/index.js --
import Resolver from '@forge/resolver';
let ready = false;
let compiled;
const resolver = new Resolver();
resolver.define('x', () => {
  ready = true;
  compiled ??= new RegExp('a+');
  return ready && compiled.source;
});
export const handler = resolver.getDefinitions();
