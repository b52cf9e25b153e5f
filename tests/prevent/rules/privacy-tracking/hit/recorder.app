-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
import LogRocket from 'logrocket';
LogRocket.init('acme/app'); // HIT
export const load = () => invoke('load');
