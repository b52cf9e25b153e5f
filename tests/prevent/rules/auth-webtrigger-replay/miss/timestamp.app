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
import { createHmac, timingSafeEqual } from 'node:crypto';
import api, { route } from '@forge/api';
export const hook = async (request) => {
  const at = Number(request.headers['x-timestamp'][0]);
  if (!(Math.abs(Date.now() / 1000 - at) < 300)) return { statusCode: 401 };
  const mac = createHmac('sha256', process.env.SECRET).update(`${at}.${request.body}`).digest();
  const sent = Buffer.from(request.headers['x-signature'][0], 'hex');
  if (sent.length !== mac.length || !timingSafeEqual(sent, mac)) return { statusCode: 401 };
  await api.asApp().requestJira(route`/rest/api/3/issue/${JSON.parse(request.body).key}`, { method: 'PUT' });
};
