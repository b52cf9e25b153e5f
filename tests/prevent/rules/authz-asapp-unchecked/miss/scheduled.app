-- manifest.yml --
app:
  id: x
modules:
  scheduledTrigger:
    - key: nightly
      function: nightly
      interval: day
  function:
    - key: nightly
      handler: index.nightly
-- src/index.js --
import api, { route } from '@forge/api';
export const nightly = () => api.asApp().requestJira(route`/rest/api/3/issue/X-1`, { method: 'PUT' });
