-- src/index.js --
import { Pool } from 'pg'; // HIT
export const handler = () => new Pool();
