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
import { kvs } from '@forge/kvs';
export async function hook(request) {
  const claims = jwt.verify(request.headers.authorization[0], process.env.PUBLIC_KEY);
  await kvs.set('last', claims.sub);
}
