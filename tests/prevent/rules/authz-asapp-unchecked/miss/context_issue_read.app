-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('load', async ({ context }) =>
  (await api.asApp().requestJira(route`/rest/api/3/issue/${context.extension.issue.key}`)).json());
export const handler = resolver.getDefinitions();
