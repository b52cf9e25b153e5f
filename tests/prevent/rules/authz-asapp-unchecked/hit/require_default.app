-- src/index.js --
const { default: Resolver } = require('@forge/resolver');
const api = require('@forge/api').default;
const { route } = require('@forge/api');
const resolver = new Resolver();
resolver.define('del', async ({ payload }) => api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' })); // HIT
module.exports = { handler: resolver.getDefinitions() };
