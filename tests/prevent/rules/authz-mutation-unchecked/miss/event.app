-- manifest.yml --
app:
  id: x
modules:
  trigger:
    - key: installed
      function: installed
      events: [avi:forge:installed:app]
  function:
    - key: installed
      handler: index.installed
-- src/index.js --
import { kvs } from '@forge/kvs';
export const installed = (event) => kvs.set('installer', event.installerAccountId);
