-- manifest.yml --
app:
  id: x
modules:
  trigger:
    - key: created
      function: created
      events: [avi:jira:created:issue]
  function:
    - key: created
      handler: index.created
-- src/index.js --
import api, { route } from '@forge/api';
export const created = (event) => api.asApp().requestJira(route`/rest/api/3/issue/${event.issue.id}`, { method: 'PUT' });
