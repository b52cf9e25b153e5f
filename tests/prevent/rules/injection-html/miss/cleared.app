-- static/main/src/App.js --
import { view } from '@forge/bridge';
document.getElementById('note').innerHTML = '';
