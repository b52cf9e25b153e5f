-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  jira:issuePanel: [{ key: panel, resource: main }]
resources: [{ key: main, path: static/main/build }]
permissions:
  scopes:
    - read:jira-work
    - write:jira-work
-- static/main/src/index.js --
import { requestJira } from '@forge/bridge';
const PATHS = { issue: '/rest/api/3/issue', search: '/rest/api/3/search/jql' };
const call = (path, method) => requestJira(path, { method });
export const create = () => call(PATHS.issue, 'POST');
export const search = () => call(PATHS.search, 'GET');
