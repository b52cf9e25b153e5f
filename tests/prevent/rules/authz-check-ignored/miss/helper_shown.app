-- src/index.js --
import Resolver from '@forge/resolver';
import api, { authorize } from '@forge/api';
const resolver = new Resolver();
const mayEdit = async (id) => authorize().onJiraIssue(id).canEdit();
resolver.define('may', async ({ payload }) => mayEdit(payload.id));
export const handler = resolver.getDefinitions();
