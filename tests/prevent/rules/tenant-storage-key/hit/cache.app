-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('projects', async () => {
  const known = await kvs.get('projects');
  if (known) return known;
  const res = await api.asUser().requestJira(route`/rest/api/3/project/search`);
  const projects = await res.json();
  await kvs.set('projects', projects); // HIT
  return projects;
});
export const handler = resolver.getDefinitions();
