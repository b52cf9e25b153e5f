-- src/index.js --
const Resolver = require('@forge/resolver').default;
const { asApp, route } = require('@forge/api');
const resolver = new Resolver();
resolver.define('del', async ({ payload: { id } }) => {
  await asApp().requestJira(route`/rest/api/3/issue/${id}`, { method: 'DELETE' }); // HIT
});
exports.handler = resolver.getDefinitions();
