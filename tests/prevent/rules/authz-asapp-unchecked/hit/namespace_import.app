-- src/index.ts --
import Resolver from '@forge/resolver';
import * as forge from '@forge/api';
const resolver: Resolver = new Resolver();
resolver.define('read', async (req: any) => {
  const res = await forge.asApp().requestConfluence(forge.route`/wiki/api/v2/pages/${req.payload.id}`); // HIT
  return res.json();
});
export const handler = resolver.getDefinitions();
