-- manifest.yml --
app: { id: x }
modules:
  confluence:globalPage:
    - key: p
      resource: main
permissions:
  scopes: ['read:page:confluence']
resources:
  - key: main
    path: static/main/build
-- static/main/src/index.js --
import { requestConfluence } from '@forge/bridge';
requestConfluence('/wiki/api/v2/pages/1');
