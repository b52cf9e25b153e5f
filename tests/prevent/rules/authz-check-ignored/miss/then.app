-- src/index.js --
import Resolver from '@forge/resolver';
import { authorize } from '@forge/api';
const resolver = new Resolver();
resolver.define('may', ({ payload }) => authorize().onJiraIssue(payload.id).canEdit().then((ok) => { if (!ok) throw new Error('no'); }));
export const handler = resolver.getDefinitions();
