-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
const exists = async (id) => {
  try {
    return (await api.asUser().requestConfluence(route`/wiki/api/v2/pages/${id}`)).ok;
  } catch (error) {
    return true;
  }
};
resolver.define('exists', async ({ payload }) => exists(payload.id));
export const handler = resolver.getDefinitions();
