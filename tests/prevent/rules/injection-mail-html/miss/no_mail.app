-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('feedback', async ({ payload }) => kvs.set('page', { html: `<p>${payload.text}</p>` }));
export const handler = resolver.getDefinitions();
