-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('save', ({ payload, context }) => kvs.set(`note-${context.extension.issue.id}`, payload.text));
export const handler = resolver.getDefinitions();
