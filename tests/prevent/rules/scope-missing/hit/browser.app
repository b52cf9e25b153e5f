-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main }]
resources: [{ key: main, path: static/main/build }]
permissions: { scopes: ['read:jira-work'] }
-- static/main/src/index.js --
import { requestJira } from '@forge/bridge';
export const comment = (key, body) => requestJira(`/rest/api/2/issue/${key}/comment`, { method: 'POST', body }); // HIT
