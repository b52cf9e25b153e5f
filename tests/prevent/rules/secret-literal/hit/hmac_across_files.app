-- src/index.js --
import Resolver from '@forge/resolver';
import { createHmac } from 'crypto';
import { settings } from './settings';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => createHmac('sha256', settings.signing).update(payload.body).digest('hex'));
export const handler = resolver.getDefinitions();
-- src/settings.js --
export const settings = { signing: 'f3Qp8LxZ2vTn6Yb1' }; // HIT
