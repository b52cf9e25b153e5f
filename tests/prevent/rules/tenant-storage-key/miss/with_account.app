-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('projects', async ({ context }) => {
  const known = await kvs.get(`projects-${context.accountId}`);
  if (known) return known;
  const projects = await (await api.asUser().requestJira(route`/rest/api/3/project/search`)).json();
  await kvs.set(`projects-${context.accountId}`, projects);
  return projects;
});
export const handler = resolver.getDefinitions();
