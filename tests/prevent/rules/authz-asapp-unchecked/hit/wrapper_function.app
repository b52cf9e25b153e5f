-- src/index.js --
import Resolver from '@forge/resolver';
import { jira } from './jira';
const resolver = new Resolver();
resolver.define('rename', ({ payload }) => jira(payload.key, 'PUT', payload.body));
export const handler = resolver.getDefinitions();
-- src/jira.js --
import api, { route } from '@forge/api';
const app = () => api.asApp();
export const jira = async (key, method, body) => {
  const res = await app().requestJira(route`/rest/api/3/issue/${key}`, { method, body }); // HIT
  return res.json();
};
