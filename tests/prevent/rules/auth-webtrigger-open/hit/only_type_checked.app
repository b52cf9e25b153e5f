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
export const hook = async ({ body }) => { // HIT
  const event = JSON.parse(body);
  if (event.type !== 'merged') return { statusCode: 200 };
  await api.asApp().requestJira(route`/rest/api/3/issue/${event.key}`, { method: 'PUT' });
};
