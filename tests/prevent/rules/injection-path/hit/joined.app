-- src/index.js --
import Resolver from '@forge/resolver';
import { readFile } from 'node:fs/promises';
import path from 'path';
const resolver = new Resolver();
const load = (name) => readFile(path.join(__dirname, 'files', name)); // HIT
resolver.define('file', async ({ payload }) => String(await load(payload.file)));
export const handler = resolver.getDefinitions();
