-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  confluence:contentAction: [{ key: panel, resource: main }]
resources: [{ key: main, path: static/main/build }]
permissions: { scopes: ['read:confluence-content.all', 'write:confluence-content'] }
-- static/main/src/index.js --
import { requestConfluence } from '@forge/bridge';
export const read = (id) => requestConfluence(`/wiki/api/v2/pages/${id}`);
