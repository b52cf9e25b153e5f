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
import { kvs } from '@forge/kvs';
export const hook = async (request) => {
  await kvs.set('last', JSON.parse(request.body));
};
