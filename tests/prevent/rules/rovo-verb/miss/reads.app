-- manifest.yml --
app: { id: x }
modules:
  action:
    - key: find
      function: find
      actionVerb: GET
  function:
    - key: find
      handler: index.find
-- src/index.js --
import api, { route } from '@forge/api';
export const find = ({ key }) => api.asUser().requestJira(route`/rest/api/3/search/jql`, { method: 'POST', body: key });
export const other = ({ key }) => api.asUser().requestJira(route`/rest/api/3/issue/${key}`);
