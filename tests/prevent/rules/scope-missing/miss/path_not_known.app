-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main }]
resources: [{ key: main, path: static/main/build }]
permissions: { scopes: ['read:jira-work'] }
-- static/main/src/index.js --
import { requestJira } from '@forge/bridge';
export const send = (path, body) => requestJira(path, { method: 'POST', body });
export const other = (kind) => requestJira(`/rest/api/3/${kind}`, { method: 'POST' });
