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
import { verify } from './verify.js';
const app = express();
app.post('/save', verify, async (req, res) => res.sendStatus(204));
-- server/verify.js --
import { createRemoteJWKSet, jwtVerify } from 'jose';
const keys = createRemoteJWKSet(new URL('https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json'));
export const verify = async (req, res, next) => {
  await jwtVerify(req.headers.authorization.slice(7), keys, { audience: 'x' });
  next();
};
