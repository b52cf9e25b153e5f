-- src/index.js --
import Resolver from '@forge/resolver';
import { createHmac } from 'crypto';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => createHmac('sha256', process.env.KEY).update(payload.body).digest('hex'));
export const handler = resolver.getDefinitions();
