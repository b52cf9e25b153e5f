-- src/index.js --
import Resolver from '@forge/resolver';
import _ from 'lodash';
const resolver = new Resolver();
resolver.define('set', ({ payload }) => _.merge({}, { a: 1 }) && _.map(payload.items, 'id'));
export const handler = resolver.getDefinitions();
