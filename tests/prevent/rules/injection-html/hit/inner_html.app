-- static/main/src/App.js --
import { invoke } from '@forge/bridge';
invoke('load').then((note) => {
  document.getElementById('note').innerHTML = `<b>${note.text}</b>`; // HIT
});
