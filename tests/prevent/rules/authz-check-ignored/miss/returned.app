-- src/index.js --
import Resolver from '@forge/resolver';
import { authorize } from '@forge/api';
const resolver = new Resolver();
resolver.define('may', ({ payload }) => authorize().onJiraIssue(payload.id).canEdit());
export const handler = resolver.getDefinitions();
