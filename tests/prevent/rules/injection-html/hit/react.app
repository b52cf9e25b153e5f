-- static/main/src/App.jsx --
import { invoke } from '@forge/bridge';
import { useEffect, useState } from 'react';
export default function App() {
  const [html, setHtml] = useState('');
  useEffect(() => { invoke('load').then(setHtml); }, []);
  return <div dangerouslySetInnerHTML={{ __html: html }} />; // HIT
}
