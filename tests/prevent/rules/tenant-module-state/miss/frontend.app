-- static/main/src/App.js --
import { invoke } from '@forge/bridge';
let settings;
export const load = async () => { settings = await invoke('load'); return settings; };
