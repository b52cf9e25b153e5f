-- src/index.js --
import Resolver from '@forge/resolver';
import { asApp } from './mine';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => asApp().requestJira(payload.key));
export const handler = resolver.getDefinitions();
-- src/mine.js --
export const asApp = () => ({ requestJira: (x) => x });
