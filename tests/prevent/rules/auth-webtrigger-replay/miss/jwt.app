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
import jwt from 'jsonwebtoken';
import api, { route } from '@forge/api';
export const hook = async (request) => {
  const claims = jwt.verify(request.headers.authorization[0], process.env.SECRET);
  await api.asApp().requestJira(route`/rest/api/3/issue/${claims.key}`, { method: 'PUT' });
};
