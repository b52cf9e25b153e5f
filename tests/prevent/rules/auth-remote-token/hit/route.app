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
import { store } from './store.js';
const app = express();
app.post('/save', async (req, res) => { // HIT
  await store(req.body);
  res.sendStatus(204);
});
-- server/store.js --
export const store = async (item) => console.log(item.id);
