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
import jwt from 'jsonwebtoken';
const app = express();
app.use((req, res, next) => {
  req.context = jwt.decode(req.headers.authorization.slice(7)); // HIT
  next();
});
