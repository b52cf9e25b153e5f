-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
export const keep = async () => localStorage.setItem('theme', await invoke('theme'));
