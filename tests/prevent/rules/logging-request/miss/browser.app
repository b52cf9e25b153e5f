-- static/main/src/App.js --
import { invoke } from '@forge/bridge';
export const run = (payload) => { console.log(payload); return invoke('x', payload); };
