-- manifest.yml --
app:
  id: x
modules:
  webtrigger:
    - key: hook
      function: hook
      request:
        authentication:
          hmacSharedSecret:
            headerName: x-signature
  function:
    - key: hook
      handler: index.hook
-- src/index.js --
import { kvs } from '@forge/kvs';
export const hook = async (request) => kvs.set('last', request.body);
