-- manifest.yml --
app:
  id: x
  runtime: { name: nodejs22.x }
modules:
  webtrigger:
    - key: hook
      function: hook
  function:
    - key: hook
      handler: index.hook
-- src/index.js --
import api, { route } from '@forge/api';
export const hook = async (request) => { // HIT
  const { key } = JSON.parse(request.body);
  await api.asApp().requestJira(route`/rest/api/3/issue/${key}`, { method: 'PUT' });
  return { statusCode: 204 };
};
