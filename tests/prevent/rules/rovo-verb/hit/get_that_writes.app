-- manifest.yml --
app: { id: x }
modules:
  action:
    - key: close
      function: close
      actionVerb: GET # HIT
  function:
    - key: close
      handler: index.close
-- src/index.js --
import api, { route } from '@forge/api';
export const close = ({ key }) => api.asUser().requestJira(route`/rest/api/3/issue/${key}`, { method: 'DELETE' });
