-- src/index.js --
import Resolver from '@forge/resolver';
import { exec } from 'child_process';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => new Function('row', payload.code)({})); // HIT
resolver.define('y', ({ payload }) => exec(`convert ${payload.file}`)); // HIT
export const handler = resolver.getDefinitions();
