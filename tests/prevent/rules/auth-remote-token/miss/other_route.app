-- manifest.yml --
app: { id: x, runtime: { name: nodejs22.x } }
modules:
  endpoint:
    - key: save
      remote: backend
      route: { path: /save }
remotes:
  - key: backend
    baseUrl: https://backend.example.com
-- server/index.js --
import express from 'express';
const app = express();
app.get('/health', (req, res) => res.sendStatus(204));
