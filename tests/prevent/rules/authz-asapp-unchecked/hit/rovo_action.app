-- manifest.yml --
app:
  id: x
modules:
  action:
    - key: close
      function: close
      actionVerb: UPDATE
  function:
    - key: close
      handler: actions.close
-- src/actions.js --
import api, { route } from '@forge/api';
export const close = async (inputs) =>
  api.asApp().requestJira(route`/rest/api/3/issue/${inputs.issueKey}`, { method: 'PUT' }); // HIT
