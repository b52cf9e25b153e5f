-- static/main/src/index.js --
import { invoke } from '@forge/bridge';
import mixpanel from 'mixpanel-browser'; // HIT
mixpanel.init('0123');
export const load = () => invoke('load');
