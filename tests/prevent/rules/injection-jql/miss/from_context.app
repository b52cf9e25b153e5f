-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('x', ({ context }) => {
  const jql = `project = "${context.extension.project.key}"`;
  return api.asApp().requestJira(route`/rest/api/3/search/jql?jql=${jql}`);
});
export const handler = resolver.getDefinitions();
