-- src/index.js --
import Resolver from '@forge/resolver';
import set from 'lodash/set';
import _ from 'lodash';
const resolver = new Resolver();
resolver.define('set', ({ payload }) => {
  const settings = {};
  set(settings, payload.path, payload.value); // HIT
  return _.merge({}, settings, payload.more); // HIT
});
export const handler = resolver.getDefinitions();
